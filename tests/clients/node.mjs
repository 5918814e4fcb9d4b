// npm `matomo-tracker` (tracking) and `piwik` (tracking and reporting).

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { ask, makeSite, run, token, until, url } from "./check.mjs";

const require = createRequire(import.meta.url);
const MatomoTracker = require("matomo-tracker");
const piwik = require("piwik");

const today = { period: "day", date: "today" };

/** A call of `piwik` as a promise. */
const call = (name, value) =>
  new Promise((resolve, reject) => {
    piwik[name](value, (error, answer) => (error ? reject(error.error ?? error) : resolve(answer)));
  });

await run({
  "matomo-tracker sends a page view": async () => {
    const idSite = await makeSite("tracker-single");
    const tracker = new MatomoTracker(idSite, `${url}/matomo.php`);
    const errors = [];
    tracker.on("error", (error) => errors.push(error));
    tracker.track({ url: "https://tracker-single.example/a?b=ü", action_name: "Ä page", cvar: '{"1":["kind","test"]}' });
    const titles = await until(
      () => ask("Actions.getPageTitles", { idSite, ...today }),
      (rows) => rows.length === 1,
    );
    assert.equal(titles[0].label.trim(), "Ä page");
    assert.deepEqual(errors, []);
  },

  "matomo-tracker sends many at once and reads the answer": async () => {
    const idSite = await makeSite("tracker-bulk");
    const tracker = new MatomoTracker(idSite, `${url}/piwik.php`);
    const pages = [1, 2, 3].map((page) => ({ url: `https://tracker-bulk.example/${page}`, action_name: `Page ${page}` }));
    const text = await new Promise((resolve, reject) => {
      tracker.on("error", reject);
      tracker.trackBulk(pages, resolve);
    });
    assert.deepEqual(JSON.parse(text), { status: "success", tracked: 3, invalid: 0 });
    const visits = await ask("VisitsSummary.get", { idSite, ...today });
    assert.equal(visits.nb_actions, 3);
  },

  "matomo-tracker is told about a site that does not exist": async () => {
    const tracker = new MatomoTracker(99999, `${url}/matomo.php`);
    const status = await new Promise((resolve) => {
      tracker.on("error", resolve);
      tracker.track("https://nowhere.example/");
    });
    assert.equal(status, 400);
  },

  "piwik tracks with a token and asks for reports": async () => {
    const idsite = await makeSite("piwik-both");
    piwik.setup(`${url}/`, token);
    const yesterday = Math.floor(Date.now() / 1000) - 86400;
    const answer = await call("track", [
      { idsite, url: "https://piwik-both.example/", action_name: "Start", cip: "41.90.64.1", cdt: yesterday },
      { idsite, url: "https://piwik-both.example/x", action_name: "X", e_c: "Video", e_a: "Play", cip: "41.90.64.1", cdt: yesterday },
    ]);
    assert.equal(answer.status, "success");
    assert.equal(answer.tracked, 2);
    const question = { idSite: idsite, period: "day", date: "yesterday" };
    const visits = await call("api", { method: "VisitsSummary.get", ...question });
    assert.equal(visits.nb_visits, 1);
    const events = await call("api", { method: "Events.getCategory", ...question });
    assert.equal(events[0].label, "Video");
  },

  "piwik is told what is wrong": async () => {
    piwik.setup(`${url}/`, token);
    await assert.rejects(call("api", { method: "VisitsSummary.nothing", idSite: 1, ...today }), /nothing|does not exist/);
    piwik.setup(`${url}/`, "0123456789abcdef0123456789abcdef");
    await assert.rejects(call("api", { method: "SitesManager.getAllSites" }), /authenticate/);
  },
});
