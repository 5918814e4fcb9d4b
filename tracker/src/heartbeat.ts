import { ping } from "./actions";
import type { Tracker } from "./tracker";
import { doc, listen, nowMs, win } from "./util";

const DEFAULT_SECONDS = 15;
const MINIMUM_SECONDS = 5;

const isWatched = (): boolean => doc.visibilityState !== "hidden" && (!doc.hasFocus || doc.hasFocus());

const wasActiveLongEnough = (tracker: Tracker): boolean =>
  tracker.heartBeatMs_ > 0 && tracker.activeSinceMs_ > 0 && nowMs() - tracker.activeSinceMs_ >= tracker.heartBeatMs_;

const start = (tracker: Tracker): void => {
  clearTimeout(tracker.heartBeatTimer_);
  if (!tracker.heartBeatMs_ || !isWatched()) {
    return;
  }
  tracker.activeSinceMs_ = tracker.activeSinceMs_ || nowMs();
  // One beat once the page has been watched long enough: phones may end a page without telling it.
  tracker.heartBeatTimer_ = setTimeout(() => {
    if (wasActiveLongEnough(tracker)) {
      ping(tracker);
    }
  }, tracker.heartBeatMs_) as unknown as number;
};

/** Ends a spell of attention; the ping tells the server how long it lasted. */
export const stopAttention = (tracker: Tracker): void => {
  clearTimeout(tracker.heartBeatTimer_);
  if (wasActiveLongEnough(tracker)) {
    ping(tracker);
  }
  tracker.activeSinceMs_ = 0;
};

export const enableHeartBeat = (tracker: Tracker, seconds?: unknown): void => {
  tracker.heartBeatMs_ = Math.max(Number(seconds) || DEFAULT_SECONDS, MINIMUM_SECONDS) * 1000;
  start(tracker);
  if (tracker.heartBeatInstalled_) {
    return;
  }
  tracker.heartBeatInstalled_ = true;
  listen(win, "focus", () => start(tracker));
  listen(win, "blur", () => stopAttention(tracker));
  listen(doc, "visibilitychange", () => (doc.visibilityState === "hidden" ? stopAttention(tracker) : start(tracker)));
};

export const disableHeartBeat = (tracker: Tracker): void => {
  clearTimeout(tracker.heartBeatTimer_);
  tracker.heartBeatMs_ = tracker.activeSinceMs_ = 0;
};
