import { browserHasCookies } from "./cookies";
import type { Tracker } from "./tracker";
import { nav, type Values, win } from "./util";

/** Parameter → the MIME type whose support it reports. */
const PLUGIN_TYPES: Values = {
  pdf: "application/pdf",
  qt: "video/quicktime",
  realp: "audio/x-pn-realaudio-plugin",
  wma: "application/x-mplayer2",
  fla: "application/x-shockwave-flash",
  java: "application/x-java-vm",
  ag: "application/x-silverlight",
};

const CLIENT_HINTS = [
  "brands",
  "model",
  "platform",
  "platformVersion",
  "uaFullVersion",
  "fullVersionList",
  "formFactors",
];

/** Screen, plug-ins and cookie support, for the device reports and for telling visitors apart without a cookie. */
export const featureValues = (tracker: Tracker): Values => {
  if (!tracker.detectFeatures_) {
    return {};
  }
  const values: Values = {};
  for (const name of Object.keys(PLUGIN_TYPES)) {
    const type = nav.mimeTypes && nav.mimeTypes[PLUGIN_TYPES[name] as any];
    values[name] = (type && type.enabledPlugin) || (name === "pdf" && nav.pdfViewerEnabled) ? 1 : 0;
  }
  values.cookie = browserHasCookies() && !tracker.cookiesDisabled_ ? 1 : 0;
  values.res = `${win.screen.width}x${win.screen.height}`;
  return values;
};

/** Asks the browser for its client hints; it answers later, so requests wait for it (see `mayLeave`). */
export const requestClientHints = (tracker: Tracker, whenSettled: () => void): void => {
  const source = nav.userAgentData;
  if (!source || !source.getHighEntropyValues || tracker.clientHints_ || tracker.clientHintsPending_) {
    return;
  }
  const settle = (hints?: unknown): void => {
    tracker.clientHints_ = hints;
    tracker.clientHintsPending_ = false;
    whenSettled();
  };
  tracker.clientHintsPending_ = true;
  source.getHighEntropyValues(CLIENT_HINTS).then(settle, () => settle());
};

export const hintsText = (tracker: Tracker): string =>
  tracker.clientHints_ ? JSON.stringify(tracker.clientHints_) : "";
