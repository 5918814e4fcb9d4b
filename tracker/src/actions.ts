import { cleanUrl } from "./page";
import { newPageViewId } from "./request";
import { type Callback, type Tracker, titleText } from "./tracker";
import { track } from "./transport";
import { doc, isString, listen, query, text, warn, win } from "./util";

export const trackPageView = (tracker: Tracker, title?: unknown, customData?: unknown, callback?: Callback): void => {
  tracker.pageViews_++;
  tracker.contentSeen_ = {};
  tracker.errorsSeen_ = {};
  if (!tracker.pageViewIdFixed_) {
    tracker.pageViewId_ = newPageViewId();
  }
  const custom = tracker.customTitle_;
  const shown = title != null && title !== "" ? title : custom !== undefined ? custom : doc.title;
  track(tracker, query({ action_name: titleText(shown) }), "log", customData, callback);
};

/** Missing parts would make the server refuse the event, so they are named to the page's author instead. */
export const trackEvent = (
  tracker: Tracker,
  category: unknown,
  name: unknown,
  label?: unknown,
  value?: unknown,
  customData?: unknown,
  callback?: Callback,
): void => {
  const parts = { e_c: text(category).trim(), e_a: text(name).trim(), e_n: text(label), e_v: text(value), ca: 1 };
  if (!parts.e_c || !parts.e_a) {
    warn("trackEvent: category and action must not be empty");
    return;
  }
  track(tracker, query(parts), "event", customData, callback);
};

export const trackGoal = (
  tracker: Tracker,
  goalId: unknown,
  revenue?: unknown,
  customData?: unknown,
  callback?: Callback,
): void => track(tracker, query({ idgoal: goalId, revenue }), "goal", customData, callback);

export const trackSiteSearch = (
  tracker: Tracker,
  keyword: unknown,
  category?: unknown,
  resultCount?: unknown,
  customData?: unknown,
): void =>
  track(
    tracker,
    query({
      search: keyword,
      // Categories may be several.
      search_cat: Array.isArray(category) ? JSON.stringify(category) : category || "",
      search_count: typeof resultCount === "number" || isString(resultCount) ? resultCount : "",
    }),
    "sitesearch",
    customData,
  );

/** `type` is `link` for an outlink and `download` for a download; it is also the name of the parameter. */
export const trackLink = (
  tracker: Tracker,
  url: unknown,
  type: unknown,
  customData?: unknown,
  callback?: Callback,
): void =>
  track(tracker, query({ [text(type) || "link"]: cleanUrl(tracker, text(url)) }), "link", customData, callback);

export const ping = (tracker: Tracker): void => track(tracker, "ping=1", "ping");

/** Reports uncaught errors of the page as events, each place once in a page view. */
export const trackErrors = (tracker: Tracker): void => {
  if (tracker.errorTracking_) {
    return;
  }
  tracker.errorTracking_ = true;
  listen(win, "error", (event: ErrorEvent) => {
    // A resource that failed to load also fires "error", without a message.
    const message = event.message;
    if (!message) {
      return;
    }
    const place = event.filename ? `${event.filename}:${event.lineno || 0}:${event.colno || 0}` : "";
    const key = message + place;
    if (!tracker.errorsSeen_[key]) {
      tracker.errorsSeen_[key] = 1;
      trackEvent(tracker, "JavaScript Errors", message, place);
    }
  });
};
