import type { Tracker } from "./tracker";
import { guarded, isFunction, text } from "./util";

export type Plugin = Record<string, unknown>;

/** Plug-ins are shared by all trackers of the page. */
export const plugins: Record<string, Plugin> = {};

/** Asks every plug-in that knows this kind of request for further parameters (`&name=value`). */
export const runHooks = (tracker: Tracker, hook: string, request: string): string => {
  let addition = "";
  for (const name of Object.keys(plugins)) {
    const plugin = plugins[name] as Plugin;
    const handler = plugin[hook];
    if (hook && isFunction(handler)) {
      addition += text(guarded(() => handler.call(plugin, { tracker: tracker.api_, request })));
    }
  }
  return addition;
};

/** What the plug-ins registered under this name, for their own tests. */
export const findHook = (hook: string): unknown => {
  for (const name of Object.keys(plugins)) {
    const handler = (plugins[name] as Plugin)[hook];
    if (handler) {
      return handler;
    }
  }
  return undefined;
};
