import { browserHasCookies } from "./cookies";
import type { Tracker } from "./tracker";
import { releaseHeld } from "./transport";
import { nav, type Values, win } from "./util";

const CLIENT_HINTS = [
  "brands",
  "model",
  "platform",
  "platformVersion",
  "uaFullVersion",
  "fullVersionList",
  "formFactors",
];

/** Plug-ins that no browser able to run this script has any more. The server still counts them, so they are denied. */
const EXTINCT_PLUGINS = ["qt", "realp", "wma", "fla", "java", "ag"];

/** Screen, plug-ins and cookie support, for the device reports and for telling visitors apart without a cookie. */
export const featureValues = (tracker: Tracker): Values => {
  const values: Values = {};
  if (tracker.detectFeatures_) {
    const hasPdf = nav.pdfViewerEnabled || (nav.mimeTypes && nav.mimeTypes["application/pdf" as any]);
    values.pdf = hasPdf ? 1 : 0;
    for (const name of EXTINCT_PLUGINS) {
      values[name] = 0;
    }
    values.cookie = browserHasCookies() && !tracker.cookiesDisabled_ ? 1 : 0;
    values.res = `${win.screen.width}x${win.screen.height}`;
  }
  return values;
};

/**
 * Asks the browser for its client hints. It answers later, so requests wait for it; only now does the queue say for
 * certain that the page allows such questions.
 */
export const requestClientHints = (tracker: Tracker): void => {
  const source = nav.userAgentData;
  if (!tracker.detectFeatures_ || tracker.clientHintsAsked_ || !source || !source.getHighEntropyValues) {
    return;
  }
  const settle = (hints?: unknown): void => {
    tracker.clientHints_ = hints;
    tracker.clientHintsPending_ = false;
    releaseHeld(tracker);
  };
  tracker.clientHintsAsked_ = tracker.clientHintsPending_ = true;
  source.getHighEntropyValues(CLIENT_HINTS).then(settle, () => settle());
};

export const hintsText = (tracker: Tracker): string =>
  tracker.detectFeatures_ && tracker.clientHints_ ? JSON.stringify(tracker.clientHints_) : "";
