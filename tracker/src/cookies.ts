import { sha1 } from "./sha1";
import type { Tracker } from "./tracker";
import { cleanDomain } from "./url";
import { decode, doc, encode, nav, nowMs, win } from "./util";

/** Cookie base names that belong to one site; consent cookies are shared by all trackers of a page. */
const SITE_COOKIES = ["id", "ses", "cvar", "ref"];

export const cookieName = (tracker: Tracker, base: string): string => {
  const host = tracker.cookieDomain_ || cleanDomain(win.location.hostname);
  const hash = sha1(host + (tracker.cookiePath_ || "/")).slice(0, 4);
  return `${tracker.cookiePrefix_}${base}.${tracker.siteId_}.${hash}`;
};

export const readCookie = (name: string): string => {
  for (const pair of doc.cookie.split("; ")) {
    if (pair.indexOf(`${name}=`) === 0) {
      return decode(pair.slice(name.length + 1));
    }
  }
  return "";
};

/** Writes whatever the consent: callers that store something about the visitor ask `cookiesAllowed` first. */
export const writeCookie = (tracker: Tracker, name: string, value: string, lifetimeMs?: number): void => {
  const sameSite = tracker.cookieSameSite_;
  doc.cookie =
    `${name}=${encode(value)}` +
    (lifetimeMs ? `;expires=${new Date(nowMs() + lifetimeMs).toUTCString()}` : "") +
    `;path=${tracker.cookiePath_ || "/"}` +
    (tracker.cookieDomain_ && `;domain=${tracker.cookieDomain_}`) +
    (tracker.cookieSecure_ || sameSite === "None" ? ";secure" : "") +
    (sameSite && `;SameSite=${sameSite}`);
};

export const deleteCookie = (tracker: Tracker, name: string): void => writeCookie(tracker, name, "", -129_600_000);

export const deleteSiteCookies = (tracker: Tracker): void => {
  for (const base of SITE_COOKIES) {
    const name = cookieName(tracker, base);
    if (readCookie(name)) {
      deleteCookie(tracker, name);
    }
  }
};

/** Whether this visitor or page is not to be tracked at all. */
export const isSilenced = (tracker: Tracker): boolean =>
  (tracker.doNotTrack_ && /^(1|yes)$/.test(nav.doNotTrack || nav.msDoNotTrack || win.doNotTrack || "")) ||
  (win.location.protocol === "file:" && !tracker.trackFiles_);

/** Whether the visitor's id may be kept and sent; consent to tracking apart. */
export const idAllowed = (tracker: Tracker): boolean =>
  !tracker.cookiesDisabled_ && (!tracker.cookieConsentRequired_ || tracker.hasCookieConsent_);

export const cookiesAllowed = (tracker: Tracker): boolean =>
  idAllowed(tracker) && tracker.hasConsent_ && !isSilenced(tracker);

export const browserHasCookies = (): boolean => nav.cookieEnabled !== false;

/** Browsers refuse cookies for foreign and public-suffix domains; a domain is only taken over when a cookie sticks. */
export const acceptsCookieDomain = (tracker: Tracker, domain: string): boolean => {
  const before = tracker.cookieDomain_;
  const name = `${tracker.cookiePrefix_}testcookie_domain`;
  tracker.cookieDomain_ = domain;
  writeCookie(tracker, name, "1", 10_000);
  const accepted = readCookie(name) === "1";
  deleteCookie(tracker, name);
  tracker.cookieDomain_ = before;
  return accepted;
};
