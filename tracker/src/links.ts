import { trackLink } from "./actions";
import { clickedContent } from "./content";
import { isOwnUrl, VISITOR_PARAMETER } from "./page";
import type { Tracker } from "./tracker";
import { absolute, isUrlIn, withoutParameters, withParameter } from "./url";
import { doc, guarded, listen, text, win } from "./util";
import { crossDomainParameter } from "./visitor";

const LEFT_BUTTON = 0;
const MIDDLE_BUTTON = 1;

const eventTarget = (event: Event): Element | null => {
  // Inside a web component only the path knows the real target.
  let node: any = event.composedPath ? event.composedPath()[0] : event.target;
  while (node && node.nodeType !== 1) {
    node = node.parentNode;
  }
  return node;
};

/** The link around a node, also out of a web component. */
const linkAround = (start: Element | null): Element | null => {
  for (let node: any = start; node; node = node.parentNode || node.host) {
    if (node.nodeType === 1 && /^(a|area)$/i.test(node.nodeName) && hrefOf(node)) {
      return node;
    }
  }
  return null;
};

/** Absolute address of a link; that of an SVG link is an object. */
const hrefOf = (link: any): string => {
  const href = link.href;
  return href && href.baseVal ? absolute(href.baseVal, doc.baseURI) : text(href);
};

const hasClass = (link: Element, kind: string, own: string[]): boolean =>
  [`matomo_${kind}`, `piwik_${kind}`].concat(own).some((name) => link.classList.contains(name));

/** `link`, `download`, or nothing when a click on it is not to be reported. */
const linkType = (tracker: Tracker, link: Element, href: string): string => {
  if (hasClass(link, "ignore", tracker.ignoreClasses_) || !/^(https?|ftps?|file):/i.test(href)) {
    return "";
  }
  if (hasClass(link, "download", tracker.downloadClasses_) || link.hasAttribute("download")) {
    return "download";
  }
  if (hasClass(link, "link", tracker.linkClasses_)) {
    return "link";
  }
  // The extension may end the path or, as download scripts have it, a parameter; that of a host is none.
  const parts = href
    .toLowerCase()
    .replace(/^\w+:\/\/[^/?#]*/, "")
    .split(/[?&#]/);
  const isDownload = tracker.downloadExtensions_.some((extension) => {
    const ending = `.${extension.toLowerCase()}`;
    return parts.some((part) => part.slice(-ending.length) === ending);
  });
  return isDownload ? "download" : isOwnUrl(tracker, href) ? "" : "link";
};

/** Links to another domain of the same site carry the visitor id along. */
const carryVisitor = (tracker: Tracker, link: any, href: string): void => {
  const isElsewhere = /^https?:/.test(href) && !isUrlIn(win.location.hostname, href);
  if (tracker.crossDomain_ && isElsewhere && isOwnUrl(tracker, href)) {
    const target = withParameter(withoutParameters(href, [VISITOR_PARAMETER]), crossDomainParameter(tracker));
    link.setAttribute("href", target);
  }
};

const onClick = (tracker: Tracker, event: MouseEvent): void => {
  const target = eventTarget(event);
  const link = linkAround(target);
  const isForced = !!link && tracker.watchedLinks_.has(link);
  if (link) {
    carryVisitor(tracker, link, hrefOf(link));
  }
  const isLeft = event.type === "click" && event.button === LEFT_BUTTON;
  if (isLeft) {
    clickedContent(tracker, target);
  }
  const counts = isLeft || (tracker.pseudoClicks_ && (event.type === "contextmenu" || event.button === MIDDLE_BUTTON));
  const href = link && withoutParameters(hrefOf(link), [VISITOR_PARAMETER]);
  if (link && href && counts && (tracker.linkTracking_ || isForced)) {
    const type = linkType(tracker, link, href) || (isForced ? "link" : "");
    if (type) {
      trackLink(tracker, href, type);
    }
  }
};

/** Clicks are caught at the document, so links that come later count too, whatever their own handlers do. */
export const watchClicks = (tracker: Tracker): void => {
  if (tracker.clicksInstalled_) {
    return;
  }
  tracker.clicksInstalled_ = true;
  for (const type of ["click", "auxclick", "contextmenu"]) {
    listen(doc, type, (event) => guarded(() => onClick(tracker, event)), true);
  }
};

/** Reports clicks on this link, whether or not link tracking is on and whatever host it leads to. */
export const watchLink = (tracker: Tracker, element: unknown): void => {
  if (element instanceof Element) {
    tracker.watchedLinks_.add(element);
    watchClicks(tracker);
  }
};

export const enableLinkTracking = (tracker: Tracker, pseudoClicks?: unknown): void => {
  tracker.linkTracking_ = true;
  tracker.pseudoClicks_ = !!pseudoClicks;
  watchClicks(tracker);
};
