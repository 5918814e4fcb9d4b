import type { Tracker } from "./tracker";
import { absolute, isUrlIn, withoutParameters } from "./url";
import { win } from "./util";

/** Carries the visitor id from one domain of a site to the next. */
export const VISITOR_PARAMETER = "pk_vid";

/** A URL as it is to be reported: without the fragment and the parameters that the page asked to leave out. */
export const cleanUrl = (tracker: Tracker, url: string): string => {
  const unwanted = tracker.excludedParameters_.concat(
    VISITOR_PARAMETER,
    tracker.campaignsDisabled_ ? tracker.campaignNames_.concat(tracker.campaignKeywords_) : [],
  );
  return withoutParameters(tracker.discardHash_ ? url.replace(/#.*/, "") : url, unwanted);
};

export const rawUrl = (tracker: Tracker): string =>
  tracker.customUrl_ ? absolute(tracker.customUrl_, win.location.href) : win.location.href;

export const currentUrl = (tracker: Tracker): string => cleanUrl(tracker, rawUrl(tracker));

export const isOwnUrl = (tracker: Tracker, url: string): boolean =>
  tracker.aliases_.some((alias) => isUrlIn(alias, url));

/** The referrer, unless the page or the settings say that it does not count. */
export const countedReferrer = (tracker: Tracker): string => {
  const url = tracker.referrer_;
  const ignored =
    /[?&#]ignore_referr?er=1/.test(rawUrl(tracker)) || tracker.excludedReferrers_.some((entry) => isUrlIn(entry, url));
  return ignored ? "" : url;
};
