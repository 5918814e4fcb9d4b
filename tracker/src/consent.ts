import { cookiesAllowed, deleteCookie, deleteSiteCookies, readCookie, writeCookie } from "./cookies";
import { THIRTY_YEARS_MS, type Tracker } from "./tracker";
import { releaseHeld, track } from "./transport";
import { nowMs, text } from "./util";
import { writeVisitorCookie } from "./visitor";

const CONSENT = "mtm_consent";
const CONSENT_REMOVED = "mtm_consent_removed";
const COOKIE_CONSENT = "mtm_cookie_consent";
const HOUR_MS = 3_600_000;

const remember = (tracker: Tracker, name: string, hoursToExpire: unknown): void =>
  writeCookie(tracker, name, text(nowMs()), Number(hoursToExpire) * HOUR_MS || THIRTY_YEARS_MS);

export const isOptedOut = (): boolean => !!readCookie(CONSENT_REMOVED);

export const rememberedConsent = (tracker: Tracker): string | null => {
  // A withdrawal is newer than any consent that may still lie about.
  if (isOptedOut()) {
    if (readCookie(CONSENT)) {
      deleteCookie(tracker, CONSENT);
    }
    return null;
  }
  return readCookie(CONSENT) || null;
};

export const rememberedCookieConsent = (): string | null => readCookie(COOKIE_CONSENT) || null;

export const requireConsent = (tracker: Tracker): void => {
  tracker.consentRequired_ = true;
  tracker.hasConsent_ = !!rememberedConsent(tracker);
};

export const requireCookieConsent = (tracker: Tracker): boolean => {
  tracker.cookieConsentRequired_ = true;
  tracker.hasCookieConsent_ = !!rememberedCookieConsent();
  return tracker.hasCookieConsent_;
};

export const giveCookieConsent = (tracker: Tracker): void => {
  const hadCookies = cookiesAllowed(tracker);
  tracker.hasCookieConsent_ = true;
  if (!hadCookies && cookiesAllowed(tracker) && tracker.siteId_) {
    writeVisitorCookie(tracker);
    if (tracker.hasSent_) {
      // Lets the server join the requests so far, which had no visitor id, to the visitor of the cookie.
      track(tracker, "ping=1", "ping");
    }
  }
};

export const giveConsent = (tracker: Tracker, includingCookies: unknown = true): void => {
  tracker.hasConsent_ = true;
  if (isOptedOut()) {
    deleteCookie(tracker, CONSENT_REMOVED);
  }
  if (includingCookies) {
    giveCookieConsent(tracker);
  }
  if (tracker.held_.length && cookiesAllowed(tracker)) {
    writeVisitorCookie(tracker);
  }
  releaseHeld(tracker);
};

export const rememberConsent = (tracker: Tracker, hoursToExpire: unknown): void => {
  remember(tracker, CONSENT, hoursToExpire);
  giveConsent(tracker);
};

export const rememberCookieConsent = (tracker: Tracker, hoursToExpire: unknown): void => {
  remember(tracker, COOKIE_CONSENT, hoursToExpire);
  giveCookieConsent(tracker);
};

export const forgetCookieConsent = (tracker: Tracker): void => {
  deleteCookie(tracker, COOKIE_CONSENT);
  tracker.cookieConsentRequired_ = true;
  tracker.hasCookieConsent_ = false;
  deleteSiteCookies(tracker);
};

export const forgetConsent = (tracker: Tracker): void => {
  deleteCookie(tracker, CONSENT);
  remember(tracker, CONSENT_REMOVED, 0);
  tracker.hasConsent_ = false;
  // What was held belongs to a visitor who has now said no.
  tracker.held_ = [];
  deleteSiteCookies(tracker);
};

export const forgetOptOut = (tracker: Tracker): void => {
  if (isOptedOut()) {
    deleteCookie(tracker, CONSENT_REMOVED);
  }
  giveConsent(tracker, false);
};
