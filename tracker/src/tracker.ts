import { cleanDomain } from "./url";
import { doc, randomHex, text, type Values, win } from "./util";

/** What a caller may learn of a request that went out. */
export interface Outcome {
  request: string;
  trackerUrl: string;
  success: boolean;
  isSendBeacon?: boolean;
}
export type Callback = (outcome: Outcome) => void;

/** Scope → index → [name, value]. */
export type Variables = Record<string, [string, string]>;
export type Scope = "visit" | "page" | "event";

/** [campaign name, campaign keyword, timestamp in seconds, referrer URL], as the `ref` cookie has it. */
export type Attribution = [string, string, number, string];
export type EcommerceItem = [string, string, unknown, unknown, unknown];
export interface HeldRequest {
  request_: string;
  callback_: Callback | undefined;
  bulk_: boolean;
}

const DAY_MS = 86_400_000;

// Extensions that make a link a download. The list is the documented one of the tracking guide, with the office and e-book
// formats the guide names elsewhere.
const DOWNLOAD_EXTENSIONS =
  "7z|aac|apk|arc|arj|asc|asf|asx|avi|azw3|bin|bz|bz2|csv|deb|dmg|doc|docx|epub|exe|flv|gif|gz|gzip|hqx|ibooks|jar|jpg|jpeg|js|mobi|mov|movie|mp2|mp3|mp4|mpeg|mpg|msi|msp|odb|odf|odg|odp|ods|odt|ogg|ogv|pdf|phps|png|ppt|pptx|qt|qtm|ra|ram|rar|rpm|rtf|sea|sit|sql|tar|tbz|tbz2|tgz|tiff|torrent|txt|wav|wma|wmv|wpd|xls|xlsx|xml|xsd|z|zip";

// Query parameters that name a campaign or its keyword on the page's own URL, first match wins.
const CAMPAIGN_NAMES =
  "pk_cpn|pk_campaign|piwik_campaign|mtm_campaign|matomo_campaign|utm_campaign|utm_source|utm_medium";
const CAMPAIGN_KEYWORDS = "pk_kwd|pk_keyword|piwik_kwd|mtm_kwd|mtm_keyword|matomo_kwd|utm_term";

/** A framed page counts the referrer of its outermost reachable frame: that is where the visitor came from. */
const detectReferrer = (): string => {
  for (const name of ["top", "parent"] as const) {
    try {
      return (win[name] as Window).document.referrer;
    } catch {
      // A frame of another origin may not be looked into.
    }
  }
  return doc.referrer;
};

/** Everything one tracker knows. Names end in `_` because the build shortens them. */
export class Tracker {
  api_: Record<string, any> = {};

  // Where to
  apiUrl_ = "";
  requestMethod_ = "GET";
  contentType_ = "application/x-www-form-urlencoded; charset=UTF-8";
  useBeacon_ = true;
  appended_ = "";
  processRequest_: ((request: string) => string) | undefined;
  held_: HeldRequest[] = [];
  queue_: string[] = [];
  queueEnabled_ = true;
  queueIntervalMs_ = 2500;
  queueTimer_ = 0;
  hasSent_ = false;

  // The page
  customUrl_ = "";
  customTitle_: string | undefined;
  referrer_ = detectReferrer();
  pageViewId_ = "";
  pageViewIdFixed_ = false;
  pageViews_ = 0;
  discardHash_ = false;
  excludedParameters_: string[] = [];
  aliases_: string[] = [cleanDomain(win.location.hostname)];
  excludedReferrers_: string[] = [];
  countPrerendered_ = false;
  trackFiles_ = false;

  // The visitor
  userId_ = "";
  forcedVisitorId_ = "";
  visitorId_ = randomHex(16);
  createdSeconds_ = 0;
  doNotTrack_ = false;
  detectFeatures_ = true;
  clientHints_: unknown;
  clientHintsAsked_ = false;
  clientHintsPending_ = false;

  // Cookies and consent
  cookiePrefix_ = "_pk_";
  cookieDomain_ = "";
  cookiePath_ = "";
  cookieSecure_ = false;
  cookieSameSite_ = "Lax";
  cookiesDisabled_ = false;
  visitorCookieMs_ = 33_955_200_000;
  sessionCookieMs_ = 1_800_000;
  referralCookieMs_ = 15_768_000_000;
  consentRequired_ = false;
  hasConsent_ = true;
  cookieConsentRequired_ = false;
  hasCookieConsent_ = false;

  // Attribution
  attribution_: Attribution | undefined;
  campaignNames_ = CAMPAIGN_NAMES.split("|");
  campaignKeywords_ = CAMPAIGN_KEYWORDS.split("|");
  campaignsDisabled_ = false;
  firstReferrerWins_ = false;

  // Own data
  customData_: Values = {};
  dimensions_: Record<string, string> = {};
  variables_: Record<Scope, Variables> = { visit: {}, page: {}, event: {} };
  variablesLoaded_ = false;
  storeVariables_ = false;
  productView_: Values | undefined;
  items_: Record<string, EcommerceItem> = {};

  // Performance
  performanceEnabled_ = true;
  performanceTimings_: Values | undefined;
  performanceSent_: Values = {};
  loadReported_ = false;

  // Links
  linkTracking_ = false;
  pseudoClicks_ = false;
  clicksInstalled_ = false;
  watchedLinks_ = new WeakSet<Element>();
  linkDelayMs_ = 500;
  downloadExtensions_ = DOWNLOAD_EXTENSIONS.split("|");
  downloadClasses_: string[] = [];
  linkClasses_: string[] = [];
  ignoreClasses_: string[] = [];
  crossDomain_ = false;
  crossDomainSeconds_ = 180;

  // Contents
  contentNodes_ = new WeakSet<Element>();
  contentSeen_: Record<string, 1> = {};
  visibleOnly_ = false;
  visibleInstalled_ = false;

  // Heart beat and errors
  heartBeatMs_ = 0;
  heartBeatInstalled_ = false;
  heartBeatTimer_ = 0;
  activeSinceMs_ = 0;
  errorTracking_ = false;
  errorsSeen_: Record<string, 1> = {};

  constructor(
    public trackerUrl_: string,
    public siteId_: string,
  ) {}
}

export const THIRTY_YEARS_MS = 30 * 365 * DAY_MS;

/** The title as text. */
export const titleText = (title: unknown): string => {
  // A form field named "title" shadows document.title with an element.
  if (title && (title as Values).nodeName) {
    const element = doc.getElementsByTagName("title")[0];
    return element ? text(element.text) : "";
  }
  return text(title);
};
