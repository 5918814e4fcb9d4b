import { cookieName, cookiesAllowed, readCookie, writeCookie } from "./cookies";
import { countedReferrer, isOwnUrl, rawUrl } from "./page";
import type { Attribution, Tracker } from "./tracker";
import { firstUrlParameter } from "./url";
import { nowSeconds, parseJson, text } from "./util";

const REFERRER_MAX_CHARACTERS = 1024;

export const attributionOf = (tracker: Tracker): Attribution => {
  const stored = cookiesAllowed(tracker) ? parseJson(readCookie(cookieName(tracker, "ref"))) : null;
  if (Array.isArray(stored)) {
    tracker.attribution_ = [text(stored[0]), text(stored[1]), Number(stored[2]) || 0, text(stored[3])];
  }
  return tracker.attribution_ || ["", "", 0, ""];
};

/** Remembers what brought the visitor here, for the conversions to come. A direct visit leaves the memory as it is. */
export const updateAttribution = (tracker: Tracker, isNewSession: boolean): Attribution => {
  const known = attributionOf(tracker);
  const url = rawUrl(tracker);
  const campaign = tracker.campaignsDisabled_ ? "" : firstUrlParameter(url, tracker.campaignNames_);
  const keyword = campaign && firstUrlParameter(url, tracker.campaignKeywords_);
  const counted = countedReferrer(tracker);
  const referrer = counted && !isOwnUrl(tracker, counted) ? counted.slice(0, REFERRER_MAX_CHARACTERS) : "";

  const isKept = tracker.firstReferrerWins_ && known[2];
  const isNews = campaign ? isNewSession || campaign !== known[0] : isNewSession && referrer && referrer !== known[3];
  if (isKept || !isNews) {
    return known;
  }
  tracker.attribution_ = [campaign, keyword, nowSeconds(), referrer];
  if (cookiesAllowed(tracker)) {
    writeCookie(tracker, cookieName(tracker, "ref"), JSON.stringify(tracker.attribution_), tracker.referralCookieMs_);
  }
  return tracker.attribution_;
};
