import { cookieName, cookiesAllowed, readCookie, writeCookie } from "./cookies";
import type { Scope, Tracker, Variables } from "./tracker";
import { isObject, parseJson, text } from "./util";

const VALUE_MAX_CHARACTERS = 200;

/** Scopes are named, or numbered 1 to 3 in old snippets. */
const scopeOf = (scope: unknown): Scope =>
  scope === 2 || scope === "page" ? "page" : scope === 3 || scope === "event" ? "event" : "visit";

/** Variables of the visit may come from an earlier page by the cookie; those set on this page win. */
const loadVariables = (tracker: Tracker): void => {
  if (tracker.variablesLoaded_ || !cookiesAllowed(tracker)) {
    return;
  }
  tracker.variablesLoaded_ = true;
  const stored = parseJson(readCookie(cookieName(tracker, "cvar")));
  if (isObject(stored)) {
    tracker.variables_.visit = Object.assign({}, stored as Variables, tracker.variables_.visit);
  }
};

export const setVariable = (tracker: Tracker, index: unknown, name: unknown, value: unknown, scope?: unknown): void => {
  if (index == null || name == null) {
    return;
  }
  loadVariables(tracker);
  tracker.variables_[scopeOf(scope)][text(index)] = [
    text(name).slice(0, VALUE_MAX_CHARACTERS),
    text(value).slice(0, VALUE_MAX_CHARACTERS),
  ];
};

export const getVariable = (tracker: Tracker, index: unknown, scope?: unknown): [string, string] | false => {
  loadVariables(tracker);
  const found = tracker.variables_[scopeOf(scope)][text(index)];
  return found && found[0] ? found : false;
};

export const deleteVariable = (tracker: Tracker, index: unknown, scope?: unknown): void => {
  // An emptied pair tells the server to forget what an earlier request of the visit set.
  if (getVariable(tracker, index, scope)) {
    setVariable(tracker, index, "", "", scope);
  }
};

export const deleteVariables = (tracker: Tracker, scope: unknown): void => {
  for (const index of Object.keys(tracker.variables_[scopeOf(scope)])) {
    deleteVariable(tracker, index, scope);
  }
};

export const variableValues = (tracker: Tracker): Record<string, string> => {
  loadVariables(tracker);
  const asText = (variables: Variables): string => (Object.keys(variables).length ? JSON.stringify(variables) : "");
  const { visit, page, event } = tracker.variables_;
  if (tracker.storeVariables_ && cookiesAllowed(tracker)) {
    writeCookie(tracker, cookieName(tracker, "cvar"), asText(visit), tracker.sessionCookieMs_);
  }
  return { cvar: asText(page), e_cvar: asText(event), _cvar: asText(visit) };
};
