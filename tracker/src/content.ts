import { buildRequest } from "./request";
import type { Tracker } from "./tracker";
import { enqueue, track } from "./transport";
import { absolute } from "./url";
import { doc, listen, onLoad, onReady, query, text, win } from "./util";

const UNKNOWN = "Unknown";
const BLOCK = "[data-track-content],.matomoTrackContent,.piwikTrackContent";
const DEFAULT_RESCAN_MS = 750;
const SCROLL_PAUSE_MS = 100;

export interface Content {
  name: string;
  piece: string;
  target: string;
}

/** The element itself or the first one within it. */
const first = (block: Element, selector: string): Element | null =>
  block.matches(selector) ? block : block.querySelector(selector);

const classes = (part: string): string => `.matomoContent${part},.piwikContent${part}`;

/** Element that is marked as a part of the block; attributes win over classes. */
const marked = (block: Element, part: string): Element | null =>
  first(block, `[data-content-${part}]`) || first(block, classes(part[0]?.toUpperCase() + part.slice(1)));

/** Value given outright for a part of the block. */
const declared = (block: Element, part: string): string => {
  const name = `data-content-${part}`;
  const element = first(block, `[${name}]:not([${name}=""])`);
  return text(element && element.getAttribute(name)).trim();
};

/** Address of an image, video, sound or embedded document; empty for other elements. */
const mediaUrl = (element: Element): string => {
  if (!/^(img|video|audio|embed|object|source|iframe|input)$/i.test(element.nodeName)) {
    return "";
  }
  const source = element.querySelector("source[src]");
  const url = element.getAttribute("src") || element.getAttribute("data") || text(source && source.getAttribute("src"));
  return url && absolute(url, doc.baseURI);
};

const titleOf = (element: Element | null): string => text(element && element.getAttribute("title")).trim();

export const readContent = (block: Element): Content => {
  const pieceElement = marked(block, "piece") || block;
  const targetElement = marked(block, "target") || block;
  const piece = declared(block, "piece") || mediaUrl(pieceElement);
  const origin = win.location.origin;
  const name =
    declared(block, "name") ||
    (piece.indexOf(`${origin}/`) ? piece : piece.slice(origin.length)) ||
    titleOf(block) ||
    titleOf(pieceElement) ||
    titleOf(targetElement);
  return {
    name: name || UNKNOWN,
    piece: piece || UNKNOWN,
    target: declared(block, "target") || text(targetElement.getAttribute("href")),
  };
};

export const findBlocks = (root: ParentNode): Element[] => {
  const inner = Array.from(root.querySelectorAll(BLOCK));
  return root !== doc && (root as Element).matches(BLOCK) ? [root as Element].concat(inner) : inner;
};

/** Whether the element is in the view port and nothing hides it. */
export const isVisible = (element: Element): boolean => {
  const box = element.getBoundingClientRect();
  const isInside =
    box.width > 0 &&
    box.height > 0 &&
    box.bottom > 0 &&
    box.right > 0 &&
    box.top < win.innerHeight &&
    box.left < win.innerWidth;
  if (!isInside || getComputedStyle(element).visibility === "hidden") {
    return false;
  }
  for (let node: Element | null = element; node; node = node.parentElement) {
    if (getComputedStyle(node).opacity === "0") {
      return false;
    }
  }
  return true;
};

const contentQuery = (content: Content, interaction?: unknown): string =>
  query({ c_n: content.name, c_p: content.piece, c_t: content.target, c_i: interaction, ca: 1 });

export const trackImpression = (tracker: Tracker, name: unknown, piece?: unknown, target?: unknown): void => {
  const content = { name: text(name).trim(), piece: text(piece).trim() || UNKNOWN, target: text(target).trim() };
  if (content.name) {
    track(tracker, contentQuery(content), "contentImpression");
  }
};

export const trackInteraction = (
  tracker: Tracker,
  interaction: unknown,
  name: unknown,
  piece?: unknown,
  target?: unknown,
): void => {
  const content = { name: text(name).trim(), piece: text(piece).trim() || UNKNOWN, target: text(target).trim() };
  if (content.name && text(interaction).trim()) {
    track(tracker, contentQuery(content, text(interaction).trim()), "contentInteraction");
  }
};

export const trackInteractionNode = (tracker: Tracker, node: unknown, interaction?: unknown): void => {
  const block = node instanceof Element && node.closest(BLOCK);
  if (block) {
    const { name, piece, target } = readContent(block);
    trackInteraction(tracker, interaction || UNKNOWN, name, piece, target);
  }
};

/** Reports blocks once in a page view, and from then on clicks on them. */
const trackBlocks = (tracker: Tracker, blocks: Element[]): void => {
  for (const block of blocks) {
    if (tracker.visibleOnly_ && !isVisible(block)) {
      continue;
    }
    tracker.contentNodes_.add(block);
    const request = contentQuery(readContent(block));
    if (!tracker.contentSeen_[request]) {
      tracker.contentSeen_[request] = 1;
      enqueue(tracker, buildRequest(tracker, request, undefined, "contentImpressions"));
    }
  }
};

export const trackAllImpressions = (tracker: Tracker): void => {
  onReady(() => trackBlocks(tracker, findBlocks(doc)));
};

export const trackImpressionsWithin = (tracker: Tracker, node: unknown): void => {
  if (node instanceof Element || node === doc) {
    onReady(() => trackBlocks(tracker, findBlocks(node as ParentNode)));
  }
};

/** How and how often to look again is settled by the first call. */
export const trackVisibleImpressions = (tracker: Tracker, onScroll: unknown = true, rescanMs?: unknown): void => {
  tracker.visibleOnly_ = true;
  const scan = (): void => trackBlocks(tracker, findBlocks(doc));
  onLoad(() => {
    scan();
    if (tracker.visibleInstalled_) {
      return;
    }
    tracker.visibleInstalled_ = true;
    let pause = 0;
    const scanSoon = (): void => {
      clearTimeout(pause);
      pause = setTimeout(scan, SCROLL_PAUSE_MS) as unknown as number;
    };
    if (onScroll) {
      listen(win, "scroll", scanSoon, true);
      listen(win, "resize", scanSoon);
    }
    const intervalMs = rescanMs === undefined ? DEFAULT_RESCAN_MS : Number(rescanMs);
    if (intervalMs > 0) {
      setInterval(scan, intervalMs);
    }
  });
};

/** A click on the target of a tracked block, or anywhere in a block without one, is an interaction. */
export const clickedContent = (tracker: Tracker, clicked: Element | null): void => {
  const block = clicked instanceof Element && clicked.closest(BLOCK);
  if (!clicked || !block || !tracker.contentNodes_.has(block)) {
    return;
  }
  const target = marked(block, "target") || block;
  const isIgnored = target.matches(`[data-content-ignoreinteraction],${classes("IgnoreInteraction")}`);
  if (target.contains(clicked) && !isIgnored) {
    trackInteractionNode(tracker, block, "click");
  }
};
