/** The `_paq` queue: commands pushed before and after the script has loaded. */
import { addAsyncTracker, asyncTrackers, Matomo } from "./matomo";
import { APPLIED_FIRST } from "./methods";
import type { Tracker } from "./tracker";
import { guarded, isFunction, isObject, isString, type Values, warn } from "./util";

type Command = ArrayLike<unknown>;

/** Commands for plug-ins that have not loaded yet. */
let missed: Command[] = [];

/** With several trackers these name the address of the first; the others got theirs when they were added. */
const FIRST_TRACKER_ONLY = ["addTracker", "setTrackerUrl", "setSiteId"];

const callMember = (owner: unknown, name: string, given: unknown[]): boolean => {
  const member = isObject(owner) || isFunction(owner) ? (owner as unknown as Values)[name] : undefined;
  if (isFunction(member)) {
    member.apply(owner, given);
    return true;
  }
  return false;
};

/** `Plugin::method` is a function of the global object, `Plugin.method` one of each tracker. */
const callNamespaced = (command: Command, space: string, name: string, isStatic: boolean, given: unknown[]): void => {
  const globals = Matomo as unknown as Values;
  const isDone = isStatic
    ? callMember(globals[space], name, given)
    : asyncTrackers.filter((tracker) => callMember(tracker.api_[space], name, given)).length > 0 ||
      callMember(globals[space], name, given);
  if (!isDone) {
    missed.push(command);
  }
};

const callTracker = (tracker: Tracker, method: unknown, given: unknown[]): void => {
  if (isFunction(method)) {
    method.apply(tracker.api_, given);
  } else if (!callMember(tracker.api_, method as string, given)) {
    warn(`The method '${method}' is unknown to _paq.`);
  }
};

const apply = (command: Command): void => {
  const [method, ...given] = Array.from(command || []);
  const path = isString(method) ? /^(\w+)(::|\.)(\w+)$/.exec(method) : null;
  if (path) {
    guarded(() => callNamespaced(command, path[1] as string, path[3] as string, path[2] === "::", given));
    return;
  }
  const isForFirst = FIRST_TRACKER_ONLY.indexOf(method as string) >= 0;
  for (const tracker of isForFirst ? asyncTrackers.slice(0, 1) : asyncTrackers.slice()) {
    guarded(() => callTracker(tracker, method, given));
  }
};

export const retryMissed = (): void => {
  const calls = missed;
  missed = [];
  calls.forEach(apply);
};

/** Applies what has gathered: configuration first, in the order of its table, then the rest as it was pushed. */
const applyGathered = (commands: Command[]): void => {
  const rest = commands.slice();
  for (const name of Object.keys(APPLIED_FIRST)) {
    for (let i = 0; i < rest.length; i++) {
      if (rest[i] && (rest[i] as Command)[0] === name) {
        apply((rest.splice(i--, 1) as Command[])[0] as Command);
      }
    }
  }
  rest.forEach(apply);
};

/** Takes over the queue and returns what replaces it. */
export const startQueue = (gathered: unknown): { push: (...commands: Command[]) => void } => {
  if (!asyncTrackers.length) {
    addAsyncTracker("", "");
  }
  applyGathered(Array.isArray(gathered) ? gathered : []);
  return { push: (...commands) => commands.forEach(apply) };
};
