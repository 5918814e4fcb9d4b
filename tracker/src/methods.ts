/**
 * Every method of the tracker, once. The `_paq` queue and the tracker objects are both built from these tables; their
 * order is the order in which `_paq` applies what was pushed before the script had loaded.
 */
import * as actions from "./actions";
import { attributionOf } from "./attribution";
import * as consent from "./consent";
import * as content from "./content";
import {
  acceptsCookieDomain,
  browserHasCookies,
  cookiesAllowed,
  deleteSiteCookies,
  readCookie,
  writeCookie,
} from "./cookies";
import * as ecommerce from "./ecommerce";
import { disableHeartBeat, enableHeartBeat } from "./heartbeat";
import { enableLinkTracking, watchClicks, watchLink } from "./links";
import { addAsyncTracker, Matomo } from "./matomo";
import { currentUrl } from "./page";
import { TIMING_NAMES } from "./performance";
import { findHook } from "./plugins";
import { buildRequest } from "./request";
import type { Callback, Tracker } from "./tracker";
import { enqueue, releaseHeld, requestText, track } from "./transport";
import { cleanDomain, folderOf, isHostIn, isUrlIn } from "./url";
import { doc, isFunction, isObject, list, text, type Values, warn, win } from "./util";
import * as variables from "./variables";
import { crossDomainParameter, visitorOf } from "./visitor";

export type Method = (tracker: Tracker, ...given: any[]) => unknown;
type Methods = Record<string, Method>;

const MINIMUM_QUEUE_INTERVAL_MS = 1000;

/** Root of the server: the tracker URL without its file. */
const serverUrl = (tracker: Tracker): string =>
  tracker.apiUrl_ || tracker.trackerUrl_.replace(/[?#].*/, "").replace(/(js\/)?[^/]*$/, "");

const toMs = (seconds: unknown): number => Number(seconds) * 1000;

const setDomains: Method = (tracker, domains) => {
  const { hostname, href } = win.location;
  const aliases = list(domains);
  const own = aliases.filter((alias) => isHostIn(alias, hostname));
  tracker.aliases_ = own.length ? aliases : aliases.concat(hostname);
  // A site that is one folder of a host keeps its cookies there, so that sister sites do not share visits.
  for (const alias of own) {
    const folder = folderOf(alias);
    if (!tracker.cookiePath_ && folder.slice(-1) !== "*" && isUrlIn(alias, href)) {
      tracker.cookiePath_ = folder;
    }
  }
};

const setApiUrl: Method = (tracker, url) => {
  tracker.apiUrl_ = text(url);
};

const setSessionCookieTimeout: Method = (tracker, seconds) => {
  tracker.sessionCookieMs_ = toMs(seconds);
};

const enableHeartBeatTimer: Method = (tracker, seconds) => enableHeartBeat(tracker, seconds);

/** Configuration: applied before anything else, in this order, wherever it stands in the queue. */
export const APPLIED_FIRST: Methods = {
  setTrackerUrl: (tracker, url) => {
    tracker.trackerUrl_ = text(url);
  },
  setSiteId: (tracker, siteId) => {
    tracker.siteId_ = text(siteId);
  },
  addTracker: (tracker, url, siteId) => addAsyncTracker(url || tracker.trackerUrl_, siteId || tracker.siteId_).api_,
  forgetCookieConsentGiven: consent.forgetCookieConsent,
  requireCookieConsent: consent.requireCookieConsent,
  disableBrowserFeatureDetection: (tracker) => {
    tracker.detectFeatures_ = false;
  },
  enableBrowserFeatureDetection: (tracker) => {
    tracker.detectFeatures_ = true;
  },
  disableCampaignParameters: (tracker) => {
    tracker.campaignsDisabled_ = true;
  },
  disableCookies: (tracker) => {
    tracker.cookiesDisabled_ = true;
    if (tracker.siteId_) {
      deleteSiteCookies(tracker);
    }
  },
  setAPIUrl: setApiUrl,
  setApiUrl,
  enableCrossDomainLinking: (tracker) => {
    tracker.crossDomain_ = true;
    watchClicks(tracker);
  },
  setCrossDomainLinkingTimeout: (tracker, seconds) => {
    tracker.crossDomainSeconds_ = Number(seconds);
  },
  setSessionCookieTimeout,
  setVisitStandardLength: setSessionCookieTimeout,
  setVisitorCookieTimeout: (tracker, seconds) => {
    tracker.visitorCookieMs_ = toMs(seconds);
  },
  setReferralCookieTimeout: (tracker, seconds) => {
    tracker.referralCookieMs_ = toMs(seconds);
  },
  setCookieNamePrefix: (tracker, prefix) => {
    tracker.cookiePrefix_ = text(prefix);
  },
  setCookieSameSite: (tracker, sameSite) => {
    const value = text(sameSite);
    tracker.cookieSameSite_ = value && value.charAt(0).toUpperCase() + value.slice(1).toLowerCase();
  },
  setSecureCookie: (tracker, isSecure) => {
    tracker.cookieSecure_ = !!isSecure && win.location.protocol === "https:";
  },
  setCookiePath: (tracker, path) => {
    tracker.cookiePath_ = text(path);
  },
  setCookieDomain: (tracker, domain) => {
    const clean = cleanDomain(domain);
    if (acceptsCookieDomain(tracker, clean)) {
      tracker.cookieDomain_ = clean;
    }
  },
  setDomains,
  setUserId: (tracker, userId) => {
    if (text(userId)) {
      tracker.userId_ = text(userId);
    }
  },
  setVisitorId: (tracker, visitorId) => {
    if (/^[\da-f]{16}$/i.test(text(visitorId))) {
      tracker.forcedVisitorId_ = text(visitorId);
    } else {
      warn("setVisitorId: expected 16 hexadecimal digits");
    }
  },
  alwaysUseSendBeacon: (tracker) => {
    tracker.useBeacon_ = true;
  },
  disableAlwaysUseSendBeacon: (tracker) => {
    tracker.useBeacon_ = false;
  },
  enableLinkTracking,
  setCookieConsentGiven: consent.giveCookieConsent,
  requireConsent: consent.requireConsent,
  setConsentGiven: consent.giveConsent,
  disablePerformanceTracking: (tracker) => {
    tracker.performanceEnabled_ = false;
  },
  setPagePerformanceTiming: (tracker, ...timings) => {
    const values: Values = {};
    TIMING_NAMES.forEach((name, i) => {
      if (text(timings[i]) && timings[i] >= 0) {
        values[name] = timings[i];
      }
    });
    if (Object.keys(values).length) {
      tracker.performanceTimings_ = values;
    } else {
      warn("setPagePerformanceTiming: at least one timing is needed");
    }
  },
  setExcludedQueryParams: (tracker, names) => {
    tracker.excludedParameters_ = list(names);
  },
  setExcludedReferrers: (tracker, hosts) => {
    tracker.excludedReferrers_ = list(hosts);
  },
};

/** Everything else: applied in the order of the queue. */
const APPLIED_IN_TURN: Methods = {
  // Where to
  getTrackerUrl: (tracker) => tracker.trackerUrl_,
  getMatomoUrl: serverUrl,
  getPiwikUrl: serverUrl,
  getSiteId: (tracker) => tracker.siteId_,
  setRequestMethod: (tracker, method) => {
    tracker.requestMethod_ = text(method).toUpperCase() || "GET";
    // Whoever asks for GET wants no POST, which a beacon always is.
    if (tracker.requestMethod_ === "GET") {
      tracker.useBeacon_ = false;
    }
  },
  setRequestContentType: (tracker, type) => {
    tracker.contentType_ = text(type) || tracker.contentType_;
  },
  appendToTrackingUrl: (tracker, addition) => {
    tracker.appended_ = text(addition);
  },
  setCustomRequestProcessing: (tracker, process) => {
    tracker.processRequest_ = isFunction(process) ? process : undefined;
  },
  getRequest: (tracker, request, customData, hook) => buildRequest(tracker, requestText(request), customData, hook),
  trackRequest: (tracker, request, customData, callback?: Callback, hook = "") =>
    track(tracker, requestText(request), hook, customData, callback),
  queueRequest: (tracker, request, isComplete) =>
    enqueue(tracker, isComplete ? requestText(request) : buildRequest(tracker, requestText(request))),
  disableQueueRequest: (tracker) => {
    tracker.queueEnabled_ = false;
  },
  setRequestQueueInterval: (tracker, intervalMs) => {
    tracker.queueIntervalMs_ = Math.max(Number(intervalMs) || 0, MINIMUM_QUEUE_INTERVAL_MS);
  },
  addPlugin: (_, name, plugin) => Matomo.addPlugin(name, plugin),
  getHook: (_, name) => findHook(name),

  // The page
  setCustomUrl: (tracker, url) => {
    tracker.customUrl_ = text(url);
  },
  getCurrentUrl: currentUrl,
  setReferrerUrl: (tracker, url) => {
    tracker.referrer_ = text(url);
  },
  setDocumentTitle: (tracker, title) => {
    tracker.customTitle_ = title;
  },
  setPageViewId: (tracker, id) => {
    tracker.pageViewId_ = text(id);
    tracker.pageViewIdFixed_ = true;
  },
  getPageViewId: (tracker) => tracker.pageViewId_,
  getNumTrackedPageViews: (tracker) => tracker.pageViews_,
  discardHashTag: (tracker, isDiscarded) => {
    tracker.discardHash_ = !!isDiscarded;
  },
  getExcludedReferrers: (tracker) => tracker.excludedReferrers_,
  setCountPreRendered: (tracker, isCounted) => {
    tracker.countPrerendered_ = !!isCounted;
    releaseHeld(tracker);
  },
  enableFileTracking: (tracker) => {
    tracker.trackFiles_ = true;
  },
  killFrame: () => {
    if (win.top && win.top !== win) {
      win.top.location.href = win.location.href;
    }
  },
  redirectFile: (_, url) => {
    if (win.location.protocol === "file:") {
      win.location.href = text(url);
    }
  },
  setGenerationTimeMs: () => {
    // The server measures nothing of the kind any more; old snippets still call this.
  },

  // The visitor
  getUserId: (tracker) => tracker.userId_,
  resetUserId: (tracker) => {
    tracker.userId_ = "";
  },
  getVisitorId: (tracker) => visitorOf(tracker).id_,
  getVisitorInfo: (tracker) => {
    const visitor = visitorOf(tracker);
    return [visitor.isNew_ ? "1" : "0", visitor.id_, visitor.createdSeconds_];
  },
  setDoNotTrack: (tracker, isRespected) => {
    tracker.doNotTrack_ = !!isRespected;
  },
  getAttributionInfo: attributionOf,
  getAttributionCampaignName: (tracker) => attributionOf(tracker)[0],
  getAttributionCampaignKeyword: (tracker) => attributionOf(tracker)[1],
  getAttributionReferrerTimestamp: (tracker) => attributionOf(tracker)[2],
  getAttributionReferrerUrl: (tracker) => attributionOf(tracker)[3],
  setCampaignNameKey: (tracker, names) => {
    tracker.campaignNames_ = list(names);
  },
  setCampaignKeywordKey: (tracker, names) => {
    tracker.campaignKeywords_ = list(names);
  },
  setConversionAttributionFirstReferrer: (tracker, isFirst) => {
    tracker.firstReferrerWins_ = !!isFirst;
  },

  // Own data
  setCustomData: (tracker, keyOrData, value) => {
    if (isObject(keyOrData)) {
      tracker.customData_ = keyOrData;
    } else {
      tracker.customData_[text(keyOrData)] = value;
    }
  },
  getCustomData: (tracker) => tracker.customData_,
  setCustomDimension: (tracker, id, value) => {
    if (Number(id) > 0) {
      tracker.dimensions_[text(Number(id))] = text(value);
    }
  },
  getCustomDimension: (tracker, id) => tracker.dimensions_[text(Number(id))],
  deleteCustomDimension: (tracker, id) => {
    delete tracker.dimensions_[text(Number(id))];
  },
  setCustomVariable: variables.setVariable,
  getCustomVariable: variables.getVariable,
  deleteCustomVariable: variables.deleteVariable,
  deleteCustomVariables: variables.deleteVariables,
  storeCustomVariablesInCookie: (tracker) => {
    tracker.storeVariables_ = true;
  },

  // Cookies
  hasCookies: (tracker) => (browserHasCookies() && !tracker.cookiesDisabled_ ? "1" : "0"),
  areCookiesEnabled: cookiesAllowed,
  getCookieDomain: (tracker) => tracker.cookieDomain_,
  getCookiePath: (tracker) => tracker.cookiePath_,
  getCookie: (_, name) => readCookie(text(name)) || 0,
  setSessionCookie: (tracker, name, value, lifetimeMs) =>
    writeCookie(tracker, text(name), text(value), lifetimeMs || tracker.sessionCookieMs_),
  getSessionCookieTimeout: (tracker) => tracker.sessionCookieMs_,
  deleteCookies: deleteSiteCookies,

  // Consent and opt-out
  isConsentRequired: (tracker) => tracker.consentRequired_,
  hasConsent: (tracker) => tracker.hasConsent_,
  getRememberedConsent: consent.rememberedConsent,
  hasRememberedConsent: (tracker) => !!consent.rememberedConsent(tracker),
  rememberConsentGiven: consent.rememberConsent,
  forgetConsentGiven: consent.forgetConsent,
  getRememberedCookieConsent: consent.rememberedCookieConsent,
  rememberCookieConsentGiven: consent.rememberCookieConsent,
  isUserOptedOut: (tracker) => !tracker.hasConsent_,
  optUserOut: consent.forgetConsent,
  forgetUserOptOut: consent.forgetOptOut,

  // Links
  disableLinkTracking: (tracker) => {
    tracker.linkTracking_ = false;
  },
  addListener: watchLink,
  setLinkTrackingTimer: (tracker, delayMs) => {
    tracker.linkDelayMs_ = Number(delayMs) || 0;
  },
  getLinkTrackingTimer: (tracker) => tracker.linkDelayMs_,
  setDownloadExtensions: (tracker, extensions) => {
    tracker.downloadExtensions_ = list(extensions);
  },
  addDownloadExtensions: (tracker, extensions) => {
    tracker.downloadExtensions_ = tracker.downloadExtensions_.concat(list(extensions));
  },
  removeDownloadExtensions: (tracker, extensions) => {
    const unwanted = list(extensions);
    tracker.downloadExtensions_ = tracker.downloadExtensions_.filter((extension) => unwanted.indexOf(extension) < 0);
  },
  setDownloadClasses: (tracker, names) => {
    tracker.downloadClasses_ = list(names);
  },
  setLinkClasses: (tracker, names) => {
    tracker.linkClasses_ = list(names);
  },
  setIgnoreClasses: (tracker, names) => {
    tracker.ignoreClasses_ = list(names);
  },
  disableCrossDomainLinking: (tracker) => {
    tracker.crossDomain_ = false;
  },
  isCrossDomainLinkingEnabled: (tracker) => tracker.crossDomain_,
  getCrossDomainLinkingUrlParameter: (tracker) => (tracker.crossDomain_ ? crossDomainParameter(tracker) : ""),

  // What is tracked
  trackPageView: actions.trackPageView,
  trackEvent: actions.trackEvent,
  trackGoal: actions.trackGoal,
  trackSiteSearch: actions.trackSiteSearch,
  trackLink: actions.trackLink,
  ping: actions.ping,
  enableHeartBeatTimer,
  setHeartBeatTimer: enableHeartBeatTimer,
  disableHeartBeatTimer: disableHeartBeat,
  enableJSErrorTracking: actions.trackErrors,

  // Ecommerce
  setEcommerceView: ecommerce.setView,
  addEcommerceItem: ecommerce.addItem,
  removeEcommerceItem: (tracker, sku) => {
    delete tracker.items_[text(sku)];
  },
  clearEcommerceCart: (tracker) => {
    tracker.items_ = {};
  },
  getEcommerceItems: ecommerce.getItems,
  trackEcommerceOrder: ecommerce.trackOrder,
  trackEcommerceCartUpdate: ecommerce.trackCart,

  // Contents
  trackAllContentImpressions: (tracker) => {
    watchClicks(tracker);
    content.trackAllImpressions(tracker);
  },
  trackVisibleContentImpressions: (tracker, onScroll, rescanMs) => {
    watchClicks(tracker);
    content.trackVisibleImpressions(tracker, onScroll, rescanMs);
  },
  trackContentImpressionsWithinNode: (tracker, node) => {
    watchClicks(tracker);
    content.trackImpressionsWithin(tracker, node);
  },
  trackContentImpression: content.trackImpression,
  trackContentInteraction: content.trackInteraction,
  trackContentInteractionNode: content.trackInteractionNode,
  logAllContentBlocksOnPage: () => console.log(content.findBlocks(doc).map(content.readContent)),
};

export const METHODS: Methods = Object.assign({}, APPLIED_FIRST, APPLIED_IN_TURN);
