/** The global object `Matomo` (also `Piwik`): trackers, events and plug-ins. */

import { isOptedOut } from "./consent";
import { isVisible } from "./content";
import { stopAttention } from "./heartbeat";
import { METHODS, type Method } from "./methods";
import { type Plugin, plugins } from "./plugins";
import { retryMissed } from "./queue";
import { Tracker } from "./tracker";
import { releaseHeld, sendRemaining } from "./transport";
import { doc, guarded, isFunction, isObject, listen, onLoad, onReady, text, win } from "./util";

type Handler = (...given: unknown[]) => void;

const handlers: Record<string, Handler[]> = {};
/** All trackers, so that each gets its last word when the page goes. */
const allTrackers: Tracker[] = [];
/** Those that `_paq` speaks to. */
export const asyncTrackers: Tracker[] = [];
const seenNodes = new WeakSet<Element>();

const createTracker = (url: unknown, siteId: unknown): Tracker => {
  const tracker = new Tracker(text(url), text(siteId));
  for (const name of Object.keys(METHODS)) {
    tracker.api_[name] = (...given: unknown[]) => (METHODS[name] as Method)(tracker, ...given);
  }
  tracker.hasConsent_ = !isOptedOut();
  allTrackers.push(tracker);
  Matomo.trigger("TrackerSetup", [tracker.api_]);
  return tracker;
};

export const addAsyncTracker = (url: unknown, siteId: unknown): Tracker => {
  const tracker = createTracker(url, siteId);
  asyncTrackers.push(tracker);
  Matomo.trigger("TrackerAdded", [tracker.api_]);
  return tracker;
};

export const Matomo = {
  initialized: false,
  JSON,
  DOM: {
    onReady,
    onLoad,
    isNodeVisible: isVisible,
    isOrWasNodeVisible: (node: Element): boolean => {
      if (isVisible(node)) {
        seenNodes.add(node);
      }
      return seenNodes.has(node);
    },
    addEventListener: (element: EventTarget, type: string, handler: (event: unknown) => void, capture?: boolean) =>
      listen(element, type, handler, !!capture),
  },

  on(event: string, handler: Handler): void {
    (handlers[event] = handlers[event] || []).push(handler);
  },
  off(event: string, handler: Handler): void {
    handlers[event] = (handlers[event] || []).filter((known) => known !== handler);
  },
  trigger(event: string, given?: unknown[], context?: unknown): void {
    for (const handler of handlers[event] || []) {
      guarded(() => handler.apply(context || win, given || []));
    }
  },

  addPlugin(name: string, plugin: Plugin): void {
    if (isObject(plugin)) {
      plugins[name] = plugin;
    }
  },
  retryMissedPluginCalls: (): void => retryMissed(),

  /** A tracker of the caller's own, which `_paq` does not reach. */
  getTracker(url?: string, siteId?: unknown): unknown {
    const first = asyncTrackers[0];
    return createTracker(url || (first && first.trackerUrl_), siteId || (first && first.siteId_)).api_;
  },
  addTracker: (url?: string, siteId?: unknown): unknown => {
    const first = asyncTrackers[0];
    return addAsyncTracker(url || (first && first.trackerUrl_), siteId || (first && first.siteId_)).api_;
  },
  getAsyncTrackers: (): unknown[] => asyncTrackers.map((tracker) => tracker.api_),
  /** Without arguments the first one. */
  getAsyncTracker(url?: string, siteId?: unknown): unknown {
    const found = asyncTrackers.filter(
      (tracker) => (!url || tracker.trackerUrl_ === url) && (siteId === undefined || tracker.siteId_ === text(siteId)),
    )[0];
    return found && found.api_;
  },
};

/** Phones end hidden pages without a further word, so hiding sends what waits; only leaving ends the page for plug-ins. */
export const watchPageEnd = (): void => {
  listen(doc, "visibilitychange", () => {
    if (doc.visibilityState === "hidden") {
      allTrackers.forEach(sendRemaining);
    } else {
      allTrackers.forEach(releaseHeld);
    }
  });
  listen(doc, "prerenderingchange", () => allTrackers.forEach(releaseHeld));
  listen(win, "pagehide", () => {
    for (const name of Object.keys(plugins)) {
      const unload = (plugins[name] as Plugin).unload;
      if (isFunction(unload)) {
        guarded(() => unload());
      }
    }
    for (const tracker of allTrackers) {
      stopAttention(tracker);
      sendRemaining(tracker);
    }
  });
};
