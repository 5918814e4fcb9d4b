import { updateAttribution } from "./attribution";
import { cookieName, cookiesAllowed, deleteSiteCookies, idAllowed, readCookie, writeCookie } from "./cookies";
import { featureValues, hintsText, requestClientHints } from "./environment";
import { countedReferrer, currentUrl } from "./page";
import { takeTimings } from "./performance";
import { runHooks } from "./plugins";
import type { Tracker } from "./tracker";
import { urlParameter } from "./url";
import { doc, encode, guarded, isObject, parameter, query, text, type Values, win } from "./util";
import { variableValues } from "./variables";
import { visitorOf, writeVisitorCookie } from "./visitor";

const PAGE_VIEW_ID_CHARACTERS = 6;

/** Stands in a request that was built before the browser gave its client hints. */
const HINTS_PENDING = "&uadata=#";

export const newPageViewId = (): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  let id = "";
  while (id.length < PAGE_VIEW_ID_CHARACTERS) {
    id += alphabet[Math.floor(Math.random() * alphabet.length)];
  }
  return id;
};

/** Dimensions of this request: those set for all, then those given for it alone. An empty value clears and is sent. */
const dimensionQuery = (tracker: Tracker, given: Values): string => {
  const dimensions: Values = {};
  for (const id of Object.keys(tracker.dimensions_)) {
    dimensions[`dimension${id}`] = tracker.dimensions_[id];
  }
  for (const key of Object.keys(given)) {
    if (/^dimension\d+$/.test(key)) {
      dimensions[key] = given[key];
    }
  }
  return Object.keys(dimensions)
    .map((name) => `&${name}=${encode(text(dimensions[name]))}`)
    .join("");
};

const dataText = (tracker: Tracker, given: Values): string => {
  const data: Values = {};
  for (const source of [tracker.customData_, given]) {
    for (const key of Object.keys(source)) {
      if (!/^dimension\d+$/.test(key)) {
        data[key] = source[key];
      }
    }
  }
  return Object.keys(data).length ? JSON.stringify(data) : "";
};

/**
 * A whole tracking request as query text: what happened (`request`), then who, where and when. Cookies are refreshed on
 * the way, since a request is what makes a visit last. `hook` names the kind of request for plug-ins.
 */
export const buildRequest = (tracker: Tracker, request: string, customData?: unknown, hook = ""): string => {
  const allowed = cookiesAllowed(tracker);
  if (tracker.cookiesDisabled_) {
    deleteSiteCookies(tracker);
  }
  requestClientHints(tracker);
  const given = isObject(customData) ? customData : {};
  const isPageView = hook === "log";
  const sessionCookie = cookieName(tracker, "ses");
  const visitor = visitorOf(tracker);
  const [campaign, keyword, referredSeconds, referrer] = updateAttribution(
    tracker,
    allowed ? !readCookie(sessionCookie) : !tracker.hasSent_,
  );
  // Without a cookie the id would be new on every page; the server tells such visitors apart by itself.
  const isIdentified = tracker.forcedVisitorId_ || idAllowed(tracker);
  const charset = text(doc.characterSet);
  const now = new Date();
  tracker.pageViewId_ = tracker.pageViewId_ || newPageViewId();

  const values: Values = {
    idsite: tracker.siteId_,
    rec: 1,
    r: text(Math.random()).slice(2, 8),
    h: now.getHours(),
    m: now.getMinutes(),
    s: now.getSeconds(),
    url: currentUrl(tracker),
    urlref: countedReferrer(tracker),
    uid: tracker.userId_,
    _id: isIdentified ? visitor.id_ : "",
    _idn: isIdentified && visitor.isNew_ ? 1 : 0,
    cs: /^utf-?8$/i.test(charset) ? "" : charset,
    send_image: 0,
    _rcn: campaign,
    _rck: keyword,
    _refts: referredSeconds || "",
    _ref: referrer,
  };
  Object.assign(
    values,
    featureValues(tracker),
    variableValues(tracker),
    { data: dataText(tracker, given), pv_id: tracker.pageViewId_ },
    takeTimings(tracker, isPageView),
    isPageView ? tracker.productView_ : {},
    // The server's installation check opens the page with a nonce and waits for it to come back.
    { tracker_install_check: urlParameter(win.location.href, "tracker_install_check") },
  );
  if (isPageView) {
    tracker.productView_ = undefined;
  }
  if (allowed) {
    writeVisitorCookie(tracker);
    writeCookie(tracker, sessionCookie, "*", tracker.sessionCookieMs_);
  }

  let full = `${request}${request && "&"}${query(values)}${dimensionQuery(tracker, given)}`;
  full += tracker.clientHintsPending_ ? HINTS_PENDING : parameter("uadata", hintsText(tracker));
  full += runHooks(tracker, hook, full);
  full += tracker.appended_ && `&${tracker.appended_.replace(/^[?&]+/, "")}`;
  return full;
};

/** What is left to do when a request leaves: the client hints that came after it was built, and the page's own changes. */
export const finishRequest = (tracker: Tracker, request: string): string => {
  const full = request.replace(HINTS_PENDING, parameter("uadata", hintsText(tracker)));
  const process = tracker.processRequest_;
  return (process && text(guarded(() => process(full)))) || full;
};
