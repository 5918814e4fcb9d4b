import { expect, isPageView, push, test, withTracker } from "./site";

test("configuration applies before tracking, wherever it stands in the queue", async ({ page, context, site }) => {
  site.page(
    "/",
    [["trackPageView"], ["setUserId", "late"], ["setCookieNamePrefix", "_late_"], ["requireCookieConsent"]],
    { siteId: 5 },
  );
  await page.goto(site.url());
  const { params } = await site.one();
  expect(params).toMatchObject({ idsite: "5", uid: "late" });
  expect(params).not.toHaveProperty("_id");
  expect(await context.cookies()).toEqual([]);
});

test("everything else applies in the order of the queue", async ({ page, site }) => {
  site.page("/", [
    ["setCustomDimension", 1, "before"],
    ["trackPageView"],
    ["setCustomDimension", 1, "after"],
    ["trackPageView"],
  ]);
  await page.goto(site.url());
  const hits = await site.wait(2);
  expect(hits.map((hit) => hit.params.dimension1)).toEqual(["before", "after"]);
});

test("commands after loading apply at once, several in one push", async ({ page, site }) => {
  site.page("/", []);
  await page.goto(site.url());
  await withTracker(
    page,
    "_paq.push(['setUserId', 'u1'], ['trackPageView', 'one']); window.now = tracker.getUserId();",
  );
  expect(await page.evaluate(() => (window as any).now)).toBe("u1");
  expect((await site.one()).params).toMatchObject({ uid: "u1", action_name: "one" });
});

test("functions in the queue get the tracker", async ({ page, site }) => {
  site.page("/", [`[function (given) { window.seen = [this.getSiteId(), given]; }, "argument"]`]);
  await page.goto(site.url());
  await withTracker(page, "");
  expect(await page.evaluate(() => (window as any).seen)).toEqual(["1", "argument"]);
});

test("what fails or does not exist leaves the rest alone", async ({ page, site }) => {
  const errors: string[] = [];
  page.on("console", (message) => errors.push(message.text()));
  const thrown: Error[] = [];
  page.on("pageerror", (error) => thrown.push(error));
  site.page("/", [
    ["noSuchMethod"],
    `[function () { throw new Error("mine"); }]`,
    `null`,
    `[]`,
    `["toString"]`,
    ["trackPageView"],
  ]);
  await page.goto(site.url());
  await site.one(isPageView);
  await push(page, ["noSuchMethodLater"], ["trackPageView", "still"]);
  await site.one((hit) => hit.params.action_name === "still");
  expect(errors.join("\n")).toContain("noSuchMethod");
  expect(errors.join("\n")).toContain("mine");
  expect(thrown).toEqual([]);
});

test("including the script twice changes nothing", async ({ page, site }) => {
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url());
  await site.one();
  await withTracker(page, "window.first = Matomo");
  await page.addScriptTag({ url: "/piwik.js" });
  await push(page, ["trackPageView", "again"]);
  await site.one((hit) => hit.params.action_name === "again");
  expect(site.hits).toHaveLength(2);
  expect(await page.evaluate("Matomo === window.first && Piwik === Matomo")).toBe(true);
});

test.describe("several trackers", () => {
  test("each command reaches all, addresses only the first", async ({ page, site }) => {
    site.page("/", [
      ["trackPageView"],
      ["addTracker", "/second/matomo.php", 7],
      ["setUserId", "u"],
      ["addTracker", null, 8],
    ]);
    await page.goto(site.url());
    const hits = await site.wait(3);
    expect(hits.map((hit) => [hit.path, hit.params.idsite, hit.params.uid]).sort()).toEqual([
      ["/matomo.php", "1", "u"],
      ["/matomo.php", "8", "u"],
      ["/second/matomo.php", "7", "u"],
    ]);
    expect(await page.evaluate("Matomo.getAsyncTrackers().map(function (t) { return t.getSiteId(); })")).toEqual([
      "1",
      "7",
      "8",
    ]);
    expect(await page.evaluate("Matomo.getAsyncTracker('/second/matomo.php', 7).getSiteId()")).toBe("7");
    expect(await page.evaluate("Matomo.getAsyncTracker('/nowhere', 7)")).toBeUndefined();
    await push(page, ["setSiteId", 9]);
    expect(await page.evaluate("Matomo.getAsyncTrackers().map(function (t) { return t.getSiteId(); })")).toEqual([
      "9",
      "7",
      "8",
    ]);
  });

  test("a tracker of the page's own is left alone by the queue", async ({ page, site }) => {
    site.page("/", []);
    await page.goto(site.url());
    await withTracker(
      page,
      "window.own = Matomo.getTracker('/own/piwik.php', 3); own.trackPageView('own'); _paq.push(['trackPageView', 'queue']);",
    );
    const hits = await site.wait(2);
    expect(hits.map((hit) => [hit.path, hit.params.idsite, hit.params.action_name]).sort()).toEqual([
      ["/matomo.php", "1", "queue"],
      ["/own/piwik.php", "3", "own"],
    ]);
  });

  test("the old snippet that makes its own tracker", async ({ page, site }) => {
    site.pages.set(
      "/",
      `<script src="/piwik.js"></script><script>
        var tracker = Piwik.getTracker("/piwik.php", 2);
        tracker.setDocumentTitle("old"); tracker.trackPageView(); tracker.enableLinkTracking();
      </script>`,
    );
    await page.goto(site.url());
    expect(await site.one()).toMatchObject({ path: "/piwik.php", params: { idsite: "2", action_name: "old" } });
    expect(site.hits).toHaveLength(1);
  });

  test("trackers made as soon as the script is there", async ({ page, site }) => {
    site.page("/", [["trackPageView"]], {
      withoutAddress: true,
      before: `window.matomoAsyncInit = function () { Matomo.addTracker("/first/matomo.php", 4); Matomo.addTracker("/second/matomo.php", 5); };`,
    });
    await page.goto(site.url());
    const hits = await site.wait(2);
    expect(hits.map((hit) => [hit.path, hit.params.idsite]).sort()).toEqual([
      ["/first/matomo.php", "4"],
      ["/second/matomo.php", "5"],
    ]);
  });

  test("without an address nothing is sent", async ({ page, site }) => {
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.method()));
    site.page("/", [["trackPageView"]], { withoutAddress: true });
    await page.goto(site.url());
    await withTracker(page, "");
    await page.waitForTimeout(200);
    expect(requests.filter((method) => method === "POST")).toEqual([]);
  });
});

test.describe("plug-ins", () => {
  test("add parameters to the kinds of request they know, and hear the end of the page", async ({ page, site }) => {
    site.page("/", [["trackPageView"], ["trackEvent", "c", "a"], ["trackGoal", 1], ["ping"]], {
      before: `window.matomoPluginAsyncInit = [function () {
        Matomo.addPlugin("Own", {
          log: function (given) { return "&webgl=" + (given.tracker.getSiteId() === "1" && given.request.indexOf("action_name=") === 0 ? 1 : 0); },
          event: function () { return "&own_event=1"; },
          goal: function () { throw new Error("broken"); },
          unload: function () { Matomo.getAsyncTracker().trackRequest("own_end=1"); },
        });
      }];`,
    });
    site.pages.set("/next", "next");
    await page.goto(site.url());
    const [view, event, goal, ping] = await site.wait(4);
    expect(view?.params.webgl).toBe("1");
    expect(view?.params).not.toHaveProperty("own_event");
    expect(event?.params.own_event).toBe("1");
    expect(goal?.params.idgoal).toBe("1");
    expect(ping?.params).not.toHaveProperty("webgl");
    expect(await withTracker(page, "return typeof tracker.getHook('log')")).toBe("function");
    await page.goto(site.url("/next"));
    await site.one((hit) => hit.params.own_end === "1");
  });

  test("functions of plug-ins, static and of each tracker, also before the plug-in has come", async ({
    page,
    site,
  }) => {
    site.page(
      "/",
      [
        ["Own::stop", 1],
        ["Own.trackMe", 2],
        ["Late::go", 3],
      ],
      {
        before: `window.calls = [];
      window.piwikPluginAsyncInit = [function () {
        Matomo.Own = { stop: function (n) { calls.push(["static", n]); } };
        Matomo.on("TrackerSetup", function (tracker) { tracker.Own = { trackMe: function (n) { calls.push(["tracker", n]); } }; });
      }];`,
      },
    );
    await page.goto(site.url());
    await withTracker(page, "_paq.push(['Own::stop', 4]); _paq.push(['Own.trackMe', 5]);");
    expect(await page.evaluate("calls")).toEqual([
      ["static", 1],
      ["tracker", 2],
      ["static", 4],
      ["tracker", 5],
    ]);
    await page.evaluate(
      "Matomo.Late = { go: function (n) { calls.push(['late', n]); } }; Matomo.retryMissedPluginCalls(); Matomo.retryMissedPluginCalls();",
    );
    expect(await page.evaluate("calls[4]")).toEqual(["late", 3]);
    expect(await page.evaluate("calls.length")).toBe(5);
  });

  test("events of the global object", async ({ page, site }) => {
    site.page("/", [["addTracker", "/second/matomo.php", 2]], {
      before: `window.events = [];
      window.matomoPluginAsyncInit = function () {
        ["TrackerSetup", "TrackerAdded", "MatomoInitialized"].forEach(function (name) {
          Matomo.on(name, function (tracker) { events.push(name + (tracker ? " " + typeof tracker.trackPageView : "")); });
        });
      };`,
    });
    await page.goto(site.url());
    await withTracker(page, "");
    const added = ["TrackerSetup function", "TrackerAdded function"];
    expect(await page.evaluate("events")).toEqual([...added, ...added, "MatomoInitialized"]);
    const seen = await page.evaluate(`(function () {
      var seen = [], own = { name: "own" };
      function handler(a, b) { seen.push(a, b, this.name); }
      Matomo.on("Own", handler); Matomo.trigger("Own", [1, 2], own); Matomo.off("Own", handler); Matomo.trigger("Own", [3, 4]);
      return seen;
    })()`);
    expect(seen).toEqual([1, 2, "own"]);
  });

  test("helpers for the document", async ({ page, site }) => {
    site.page("/", [], { body: `<p id="seen">x</p><p id="low" style="margin-top:4000px">y</p>` });
    await page.goto(site.url());
    await withTracker(page, "");
    const seen = await page.evaluate(`(function () {
      var log = [], seen = document.querySelector("#seen"), low = document.querySelector("#low");
      Matomo.DOM.onReady(function () { log.push("ready"); });
      Matomo.DOM.addEventListener(seen, "click", function () { log.push("click"); });
      seen.click();
      log.push(Matomo.DOM.isNodeVisible(seen), Matomo.DOM.isNodeVisible(low), Matomo.DOM.isOrWasNodeVisible(seen), Matomo.JSON.stringify([1]));
      window.scrollTo(0, 5000);
      log.push(Matomo.DOM.isNodeVisible(seen), Matomo.DOM.isOrWasNodeVisible(seen));
      return log;
    })()`);
    expect(seen).toEqual(["ready", "click", true, false, true, "[1]", false, true]);
  });

  test("loaders of modules get it too", async ({ page, site }) => {
    site.page("/", [], {
      before: `window.defined = []; window.define = function (name, needs, make) { defined.push([name, make() === Matomo]); }; define.amd = {};`,
    });
    await page.goto(site.url());
    await withTracker(page, "");
    expect(await page.evaluate("defined")).toContainEqual(["piwik", true]);
  });
});
