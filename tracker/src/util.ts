/** Small helpers that everything else stands on. */

export const win = window as Window & typeof globalThis & Record<string, any>;
export const doc = document;
export const nav = navigator as Navigator & Record<string, any>;
export const encode = encodeURIComponent;

export type Values = Record<string, unknown>;

export const nowMs = (): number => Date.now();
export const nowSeconds = (): number => Math.round(nowMs() / 1000);

export const isString = (value: unknown): value is string => typeof value === "string";
export const isFunction = (value: unknown): value is (...args: any[]) => any => typeof value === "function";
export const isObject = (value: unknown): value is Values => !!value && typeof value === "object";

/** Text for what a page may hand over: numbers become text, null and undefined become nothing. */
export const text = (value: unknown): string => (value == null ? "" : String(value));

/** Lists may be given as one string, with `|` between the entries, or as an array. */
export const list = (value: unknown): string[] => {
  const entries = Array.isArray(value) ? value.map(text) : text(value).split("|");
  return entries.filter((entry) => entry);
};

export const decode = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    // A malformed escape comes from the page or its visitor; the raw text still says something.
    return value;
  }
};

export const parseJson = (value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
};

export const warn = (...message: unknown[]): void => {
  if (win.console) {
    console.error(...message);
  }
};

/** Statistics must never break the page: a failing callback or command is reported and left behind. */
export const guarded = <Result>(action: () => Result): Result | undefined => {
  try {
    return action();
  } catch (failure) {
    warn(failure);
    return undefined;
  }
};

export const listen = (target: EventTarget, type: string, handler: (event: any) => void, capture = false): void =>
  target.addEventListener(type, handler, capture);

/** One query parameter with its leading `&`; nothing for undefined, null and empty text. */
export const parameter = (name: string, value: unknown): string =>
  text(value) ? `&${name}=${encode(text(value))}` : "";

/** Query text in the order of the keys, without a leading `&`. */
export const query = (values: Values): string =>
  Object.keys(values)
    .map((name) => parameter(name, values[name]))
    .join("")
    .slice(1);

export const randomHex = (length: number): string => {
  let digits = "";
  const bytes = win.crypto ? crypto.getRandomValues(new Uint8Array(length)) : null;
  for (let i = 0; i < length; i++) {
    digits += ((bytes ? (bytes[i] as number) : Math.random() * 256) & 15).toString(16);
  }
  return digits;
};

export const onReady = (action: () => void): void => {
  if (doc.readyState === "loading") {
    listen(doc, "DOMContentLoaded", action);
  } else {
    action();
  }
};

export const onLoad = (action: () => void): void => {
  if (doc.readyState === "complete") {
    action();
  } else {
    listen(win, "load", action);
  }
};
