import { decode, text } from "./util";

/** Host of an absolute or protocol-relative URL in lower case, without user and port; empty when there is none. */
export const hostOf = (url: string): string => {
  const match = /^(?:[a-z][a-z\d+.-]*:)?\/\/(?:[^/?#]*@)?([^/:?#]*)/i.exec(url);
  return match ? (match[1] as string).toLowerCase() : "";
};

/** Path of an absolute URL; `/` when it has none. */
export const pathOf = (url: string): string => {
  const match = /^[^:/?#]*:?\/\/[^/?#]*([^?#]*)/.exec(url);
  return (match && match[1]) || "/";
};

/** Absolute form of a URL given relative to the page. */
export const absolute = (url: string, base: string): string => {
  try {
    return new URL(url, base).href;
  } catch {
    return url;
  }
};

const escapeForPattern = (name: string): string => name.replace(/[^\w]/g, "\\$&");

/** Value of a parameter in the query, or, as single-page applications have it, in the fragment. */
export const urlParameter = (url: string, name: string): string => {
  const match = new RegExp(`[?&#]${escapeForPattern(name)}=([^&#]*)`).exec(url);
  return match ? decode((match[1] as string).replace(/\+/g, " ")) : "";
};

/** The first of several parameters that has a value. */
export const firstUrlParameter = (url: string, names: string[]): string => {
  for (const name of names) {
    const value = urlParameter(url, name);
    if (value) {
      return value;
    }
  }
  return "";
};

/** The URL without these query parameters (names in any case). */
export const withoutParameters = (url: string, names: string[]): string => {
  const start = url.indexOf("?");
  if (start < 0 || !names.length) {
    return url;
  }
  const unwanted = names.map((name) => name.toLowerCase());
  const hash = url.indexOf("#", start);
  const end = hash < 0 ? url.length : hash;
  const kept = url
    .slice(start + 1, end)
    .split("&")
    .filter((pair) => unwanted.indexOf(decode(pair.split("=")[0] as string).toLowerCase()) < 0)
    .join("&");
  return url.slice(0, start) + (kept && `?${kept}`) + url.slice(end);
};

export const withParameter = (url: string, pair: string): string => {
  const hash = url.indexOf("#");
  const end = hash < 0 ? url.length : hash;
  const base = url.slice(0, end);
  return base + (base.indexOf("?") < 0 ? "?" : "&") + pair + url.slice(end);
};

/** A cookie or alias domain as cookies want it: `*.example.org` becomes `.example.org`. */
export const cleanDomain = (domain: unknown): string =>
  text(domain).trim().toLowerCase().replace(/^\*\./, ".").replace(/\.$/, "");

/** Whether host and path fall under an entry like `example.org`, `*.example.org`, `.example.org/shop` or `example.org/index*`. */
export const matchesDomain = (entry: string, host: string, path: string): boolean => {
  const slash = entry.replace(/^\w+:\/\//, "");
  const cut = slash.indexOf("/");
  const domain = cleanDomain(cut < 0 ? slash : slash.slice(0, cut)).replace(/:\d+$/, "");
  const hostMatches =
    domain === host || (domain[0] === "." && (host === domain.slice(1) || host.slice(-domain.length) === domain));
  if (!hostMatches) {
    return false;
  }
  const wanted = cut < 0 ? "/" : slash.slice(cut);
  if (wanted.slice(-1) === "*") {
    return path.indexOf(wanted.slice(0, -1)) === 0;
  }
  const folder = wanted.replace(/\/+$/, "");
  return path === folder || path.indexOf(`${folder}/`) === 0;
};
