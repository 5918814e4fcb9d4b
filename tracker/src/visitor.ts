import { cookieName, cookiesAllowed, readCookie, writeCookie } from "./cookies";
import { VISITOR_PARAMETER } from "./page";
import { sha1 } from "./sha1";
import type { Tracker } from "./tracker";
import { urlParameter } from "./url";
import { nav, nowMs, nowSeconds, win } from "./util";

export interface Visitor {
  id_: string;
  createdSeconds_: number;
  isNew_: boolean;
}

/** Ties a cross-domain link to the browser that it was clicked in, so that a shared link does not share the visitor. */
const deviceHash = (): string => sha1(`${nav.userAgent}|${nav.platform}|${nav.language}`).slice(0, 6);

export const crossDomainParameter = (tracker: Tracker): string =>
  `${VISITOR_PARAMETER}=${visitorOf(tracker).id_}${nowSeconds()}${deviceHash()}`;

const crossDomainVisitorId = (tracker: Tracker): string => {
  const match = /^([\da-f]{16})(\d{10})([\da-f]{6})$/i.exec(urlParameter(win.location.href, VISITOR_PARAMETER));
  const ageSeconds = match ? nowSeconds() - Number(match[2]) : -1;
  const isFresh = ageSeconds >= 0 && ageSeconds <= tracker.crossDomainSeconds_;
  return match && isFresh && match[3] === deviceHash() ? (match[1] as string) : "";
};

/** Who the visitor is now. The cookie is read each time because another tab or the visitor may have changed it. */
export const visitorOf = (tracker: Tracker): Visitor => {
  const cookie = cookiesAllowed(tracker) ? readCookie(cookieName(tracker, "id")).split(".") : [];
  const cookieId = /^[\da-f]{16}$/i.test(cookie[0] || "") ? (cookie[0] as string) : "";
  const carried = tracker.crossDomain_ ? crossDomainVisitorId(tracker) : "";
  if (cookieId && (!carried || carried === cookieId)) {
    tracker.visitorId_ = cookieId;
    tracker.createdSeconds_ = Number(cookie[1]) || nowSeconds();
  } else if (carried) {
    tracker.visitorId_ = carried;
  }
  tracker.createdSeconds_ = tracker.createdSeconds_ || nowSeconds();
  return {
    id_: tracker.forcedVisitorId_ || tracker.visitorId_,
    createdSeconds_: tracker.createdSeconds_,
    isNew_: !cookieId && !carried,
  };
};

/** The lifetime counts from the creation, so a regular visitor is not followed for ever. */
export const writeVisitorCookie = (tracker: Tracker): void => {
  const { createdSeconds_ } = visitorOf(tracker);
  const remainingMs = createdSeconds_ * 1000 + tracker.visitorCookieMs_ - nowMs();
  writeCookie(tracker, cookieName(tracker, "id"), `${tracker.visitorId_}.${createdSeconds_}.`, remainingMs);
};
