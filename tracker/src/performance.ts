import type { Tracker } from "./tracker";
import { type Values, win } from "./util";

export const TIMING_NAMES = ["pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl"];

/** Durations of the page load in milliseconds, as far as the browser has reached them. */
const measured = (): Values => {
  const performance = win.performance;
  const entries = performance && performance.getEntriesByType ? performance.getEntriesByType("navigation") : [];
  const timing: any = entries[0] || (performance && performance.timing);
  const values: Values = {};
  if (!timing) {
    return values;
  }
  const intervals = [
    [timing.fetchStart, timing.connectEnd],
    [timing.requestStart, timing.responseStart],
    [timing.responseStart, timing.responseEnd],
    [timing.domLoading || timing.responseEnd, timing.domInteractive],
    [timing.domInteractive, timing.domComplete],
    [timing.loadEventStart, timing.loadEventEnd],
  ];
  intervals.forEach(([start, end], i) => {
    // An end of 0 has not happened yet; a negative duration would make the server refuse the request.
    if (end && end >= start) {
      values[TIMING_NAMES[i] as string] = Math.round(end - start);
    }
  });
  return values;
};

/**
 * Timings for the next request, each reported once. Those of the load go with the first page view, and what the browser
 * did not know yet with a later request of that page view; timings set by the page go with its next page view.
 */
export const takeTimings = (tracker: Tracker, isPageView: boolean): Values => {
  if (!tracker.performanceEnabled_) {
    return {};
  }
  const given = tracker.performanceTimings_;
  if (given && isPageView) {
    tracker.performanceTimings_ = undefined;
    tracker.loadReported_ = true;
    return given;
  }
  const fresh: Values = {};
  if (tracker.pageViews_ === 1 && !tracker.loadReported_) {
    const values = measured();
    for (const name of Object.keys(values)) {
      if (!(name in tracker.performanceSent_)) {
        fresh[name] = tracker.performanceSent_[name] = values[name];
      }
    }
  }
  return fresh;
};
