import { isSilenced } from "./cookies";
import { buildRequest, finishRequest } from "./request";
import type { Callback, HeldRequest, Tracker } from "./tracker";
import { doc, guarded, isFunction, isString, listen, nav, nowMs, text, win } from "./util";

/** Longer URLs are cut by some servers and proxies on the way. */
const GET_MAX_CHARACTERS = 2000;
const BULK_MAX_REQUESTS = 50;

/** Until when an unload waits, because a request went out in a way that the browser would cut off. */
let waitUntilMs = 0;

const isPrerendering = (tracker: Tracker): boolean =>
  !tracker.countPrerendered_ && ((doc as any).prerendering === true || (doc.visibilityState as string) === "prerender");

const mayLeave = (tracker: Tracker): boolean =>
  tracker.hasConsent_ && !tracker.clientHintsPending_ && !isPrerendering(tracker);

const sendByImage = (url: string, tracker: Tracker, finish: (success: boolean) => void): void => {
  const image = new Image();
  // An empty answer is an error to an image, yet the server has got the request.
  image.onload = image.onerror = () => finish(true);
  image.src = url;
  waitUntilMs = nowMs() + tracker.linkDelayMs_;
};

const dispatch = (tracker: Tracker, built: string, callback: Callback | undefined, isBulk: boolean): void => {
  const request = isBulk ? built : finishRequest(tracker, built);
  const endpoint = tracker.trackerUrl_;
  const isPost = isBulk || tracker.requestMethod_ === "POST" || request.length > GET_MAX_CHARACTERS;
  const url = isPost ? endpoint : endpoint + (endpoint.indexOf("?") < 0 ? "?" : "&") + request;
  const type = tracker.contentType_;
  const finish = (success: boolean, isSendBeacon = false): void => {
    if (isFunction(callback)) {
      guarded(() => callback({ request, trackerUrl: endpoint, success, isSendBeacon }));
    }
  };
  tracker.hasSent_ = true;

  const isBeaconUsed =
    tracker.useBeacon_ &&
    isFunction(nav.sendBeacon) &&
    guarded(() => nav.sendBeacon(url, new Blob([isPost ? request : ""], { type })));
  if (isBeaconUsed) {
    finish(true, true);
  } else if (isFunction(win.fetch)) {
    const isPlain = /^(application\/x-www-form-urlencoded|text\/plain)/.test(type);
    const ask = (keepalive: boolean): Promise<Response> =>
      fetch(url, {
        method: isPost ? "POST" : "GET",
        mode: isPost && !isPlain ? "cors" : "no-cors",
        credentials: "include",
        keepalive,
        body: isPost ? request : null,
        headers: isPost ? { "Content-Type": type } : {},
      });
    ask(true)
      // What leaves pages is rationed together with the beacons; what finds no room is sent the ordinary way.
      .catch(() => ask(false))
      // A content security policy may allow images of the tracker only.
      .then(
        () => finish(true),
        () => (isPost ? finish(false) : sendByImage(url, tracker, finish)),
      );
  } else {
    sendByImage(url, tracker, finish);
  }
};

/** Sends a complete request, or holds it until consent, client hints and visibility allow it. */
const send = (tracker: Tracker, request_: string, callback_?: Callback, bulk_ = false): void => {
  // Without an address the page itself would be asked.
  if (!tracker.trackerUrl_ || isSilenced(tracker)) {
    return;
  }
  if (mayLeave(tracker)) {
    dispatch(tracker, request_, callback_, bulk_);
  } else {
    tracker.held_.push({ request_, callback_, bulk_ });
  }
};

export const releaseHeld = (tracker: Tracker): void => {
  if (mayLeave(tracker)) {
    const held: HeldRequest[] = tracker.held_;
    tracker.held_ = [];
    for (const { request_, callback_, bulk_ } of held) {
      dispatch(tracker, request_, callback_, bulk_);
    }
  }
};

const sendBulk = (tracker: Tracker, requests: string[]): void => {
  for (let i = 0; i < requests.length; i += BULK_MAX_REQUESTS) {
    const chunk = requests.slice(i, i + BULK_MAX_REQUESTS).map((request) => `?${finishRequest(tracker, request)}`);
    send(tracker, JSON.stringify({ requests: chunk, send_image: 0 }), undefined, true);
  }
};

const flushQueue = (tracker: Tracker): void => {
  clearTimeout(tracker.queueTimer_);
  tracker.queueTimer_ = 0;
  sendBulk(tracker, tracker.queue_.splice(0));
};

/** Collects complete requests, so that many small ones travel together. */
export const enqueue = (tracker: Tracker, request: string): void => {
  if (!tracker.queueEnabled_) {
    send(tracker, request);
    return;
  }
  tracker.queue_.push(request);
  if (!tracker.queueTimer_) {
    tracker.queueTimer_ = setTimeout(() => flushQueue(tracker), tracker.queueIntervalMs_) as unknown as number;
  }
};

/** Builds and sends what a tracking method has to say. */
export const track = (
  tracker: Tracker,
  request: string,
  hook: string,
  customData?: unknown,
  callback?: Callback,
): void => send(tracker, buildRequest(tracker, request, customData, hook), callback);

/** Last chance of a page: what waits for client hints or its bulk goes now. */
export const sendRemaining = (tracker: Tracker): void => {
  tracker.clientHintsPending_ = false;
  releaseHeld(tracker);
  flushQueue(tracker);
};

listen(win, "beforeunload", () => {
  while (nowMs() < waitUntilMs) {
    // The browser would cut off an image request that is under way; there is no other way to let it leave.
  }
});

export const requestText = (request: unknown): string =>
  isString(request) ? request.replace(/^[?&]+/, "") : text(request);
