import { decode, text, win } from "./util";

/** A URL in its parts, relative ones as seen from the page; null when it is none. */
const parse = (url: string, base: string): URL | null => {
  try {
    return new URL(url, base);
  } catch {
    return null;
  }
};

/** Absolute form of a URL given relative to the page. */
export const absolute = (url: string, base: string): string => {
  const parsed = parse(url, base);
  return parsed ? parsed.href : url;
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

/** Host of an entry as below, without protocol, port and path. */
const domainOf = (entry: string): string => cleanDomain(entry.replace(/^\w+:\/\//, "").replace(/[:/].*/, ""));

/** Path of an entry as below, without the slash at its end; empty when there is none. */
export const folderOf = (entry: string): string => entry.replace(/^(\w+:\/\/)?[^/]*/, "").replace(/\/+$/, "");

export const isHostIn = (entry: string, host: string): boolean => {
  const domain = domainOf(entry);
  return domain === host || (domain[0] === "." && `.${host}`.slice(-domain.length) === domain);
};

/** Whether a URL falls under an entry like `example.org`, `*.example.org`, `.example.org/shop` or `example.org/index*`. */
export const isUrlIn = (entry: string, url: string): boolean => {
  const parsed = parse(url, win.location.href);
  if (!parsed || !isHostIn(entry, parsed.hostname)) {
    return false;
  }
  const folder = folderOf(entry);
  return folder.slice(-1) === "*"
    ? parsed.pathname.indexOf(folder.slice(0, -1)) === 0
    : `${parsed.pathname}/`.indexOf(`${folder}/`) === 0;
};
