/** Entry: puts the tracker into the page, once, however often the script is included. */
import { Matomo, watchPageEnd } from "./matomo";
import { startQueue } from "./queue";
import { guarded, isFunction, win } from "./util";

/** Runs what the page or plug-ins left to be called as soon as the tracker is there: a function or a list of them. */
const runCallbacks = (callbacks: unknown): void => {
  for (const callback of Array.isArray(callbacks) ? callbacks : [callbacks]) {
    if (isFunction(callback)) {
      guarded(() => callback());
    }
  }
};

if (!(win.Matomo && win.Matomo.initialized)) {
  win.Matomo = win.Piwik = Matomo;
  watchPageEnd();
  for (const name of ["matomoPluginAsyncInit", "piwikPluginAsyncInit", "matomoAsyncInit", "piwikAsyncInit"]) {
    runCallbacks(win[name]);
  }
  win._paq = startQueue(win._paq);
  Matomo.initialized = true;
  Matomo.trigger("MatomoInitialized", []);
  Matomo.retryMissedPluginCalls();
  if (isFunction(win.define) && (win.define as { amd?: unknown }).amd) {
    win.define("piwik", [], () => Matomo);
    win.define("matomo", [], () => Matomo);
  }
}
