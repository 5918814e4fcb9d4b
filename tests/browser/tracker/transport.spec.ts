import { expect, isPageView, push, test, withTracker } from "./site";

test("short requests go by beacon, with everything in the URL", async ({ page, site }) => {
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url());
  const hit = await site.one();
  expect(hit).toMatchObject({ method: "POST", hasBody: false });
  expect(hit.contentType).toMatch(/^application\/x-www-form-urlencoded/);
});

test("long requests go in the body", async ({ page, site }) => {
  site.page("/", [["trackPageView", "x".repeat(2_500)]]);
  await page.goto(site.url());
  const hit = await site.one();
  expect(hit).toMatchObject({ method: "POST", hasBody: true });
  expect(hit.contentType).toMatch(/^application\/x-www-form-urlencoded; ?charset=UTF-8/i);
  expect(hit.params.action_name).toHaveLength(2_500);
});

test("without the beacon it is GET", async ({ page, site }) => {
  site.page("/", [["disableAlwaysUseSendBeacon"], `["trackPageView", "t", {}, function (o) { window.outcome = o; }]`]);
  await page.goto(site.url());
  expect(await site.one()).toMatchObject({ method: "GET", hasBody: false });
  await page.waitForFunction(() => (window as any).outcome);
  expect(await page.evaluate(() => (window as any).outcome.isSendBeacon)).toBe(false);
});

test("asking for GET forbids the beacon", async ({ page, site }) => {
  site.page("/", [["setRequestMethod", "GET"], ["trackPageView"]]);
  await page.goto(site.url());
  expect(await site.one()).toMatchObject({ method: "GET" });
});

for (const beacon of ["alwaysUseSendBeacon", "disableAlwaysUseSendBeacon"]) {
  test(`POST puts everything in the body (${beacon})`, async ({ page, site }) => {
    site.page("/", [[beacon], ["setRequestMethod", "POST"], ["trackPageView"]]);
    await page.goto(site.url());
    const hit = await site.one();
    expect(hit).toMatchObject({ method: "POST", hasBody: true });
    expect(hit.params).toMatchObject({ idsite: "1", rec: "1" });
  });
}

test("the content type can be changed", async ({ page, site }) => {
  site.page("/", [
    ["disableAlwaysUseSendBeacon"],
    ["setRequestMethod", "POST"],
    ["setRequestContentType", "application/octet-stream"],
    ["trackPageView"],
  ]);
  await page.goto(site.url());
  expect((await site.one()).contentType).toBe("application/octet-stream");
});

test("where fetch and beacon are missing an image does it", async ({ page, site }) => {
  await page.addInitScript(() => {
    Object.assign(window, { fetch: undefined });
    Object.defineProperty(Navigator.prototype, "sendBeacon", { value: undefined });
  });
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url());
  expect(await site.one()).toMatchObject({ method: "GET", destination: "image" });
});

test("where a policy forbids fetch an image does it", async ({ page, site }) => {
  site.page("/", [["disableAlwaysUseSendBeacon"], ["trackPageView"]], { body: "" });
  const html = site.pages.get("/") as string;
  site.pages.set(
    "/",
    html.replace("<head>", `<head><meta http-equiv="Content-Security-Policy" content="connect-src 'none'">`),
  );
  await page.goto(site.url());
  expect(await site.one()).toMatchObject({ method: "GET", destination: "image" });
});

test("queued requests travel together, and alone when the queue is off", async ({ page, site }) => {
  site.page("/", [
    ["setRequestQueueInterval", 1000],
    ["queueRequest", "n=1"],
    ["queueRequest", "n=2"],
  ]);
  await page.goto(site.url());
  const hits = await site.wait(2);
  expect(hits.map((hit) => [hit.params.n, hit.isBulk, hit.method])).toEqual([
    ["1", true, "POST"],
    ["2", true, "POST"],
  ]);
  await push(page, ["disableQueueRequest"], ["queueRequest", "n=3"]);
  expect((await site.one((hit) => hit.params.n === "3")).isBulk).toBe(false);
});

test("a complete queued request is sent as it is", async ({ page, site }) => {
  site.page("/", [["queueRequest", "idsite=9&rec=1&own=1", true]]);
  await page.goto(site.url());
  expect((await site.one()).params).toEqual({ idsite: "9", rec: "1", own: "1" });
});

test("many queued requests are split into bulks of fifty", async ({ page, site }) => {
  site.page("/", []);
  await page.goto(site.url());
  await withTracker(page, "for (let i = 0; i < 120; i++) tracker.queueRequest('n=' + i)");
  const hits = await site.wait(120);
  expect(new Set(hits.map((hit) => hit.params.n)).size).toBe(120);
  expect(new Set(hits.map((hit) => hit.arrival)).size).toBe(3);
});

test("leaving the page sends what waits", async ({ page, site }) => {
  site.page("/", []);
  site.pages.set("/next", "next");
  await page.goto(site.url());
  await push(page, ["queueRequest", "last=1"]);
  await page.goto(site.url("/next"));
  expect((await site.one()).params.last).toBe("1");
});

test("a page view that waits for client hints is not lost when the page is left", async ({ page, site }) => {
  await page.addInitScript(() => {
    (navigator as any).userAgentData.constructor.prototype.getHighEntropyValues = () => new Promise(() => undefined);
  });
  site.page("/", [["trackPageView"]]);
  site.pages.set("/next", "next");
  await page.goto(site.url());
  await withTracker(page, "");
  expect(site.hits).toEqual([]);
  await page.goto(site.url("/next"));
  const [view] = await site.wait(1, isPageView);
  expect(view?.params).not.toHaveProperty("uadata");
});

test("visitors who ask not to be tracked are not, where the site heeds it", async ({ page, site }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, "doNotTrack", { value: "1" }));
  site.page("/heeds", [["setDoNotTrack", true], ["trackPageView"]]);
  site.page("/ignores", [["trackPageView", "ignored"]]);
  await page.goto(site.url("/heeds"));
  await withTracker(page, "");
  expect((await page.context().cookies()).length).toBe(0);
  await page.goto(site.url("/ignores"));
  await site.wait(1);
  expect(site.hits.map((hit) => hit.params.action_name)).toEqual(["ignored"]);
});

test("a prerendered page waits until it is shown, unless it is to count", async ({ page, site }) => {
  await page.addInitScript(() => {
    Object.defineProperty(document, "prerendering", { value: true, configurable: true });
  });
  site.page("/", [["trackPageView"]]);
  site.page("/counts", [
    ["setCountPreRendered", true],
    ["trackPageView", "counted"],
  ]);
  await page.goto(site.url());
  await withTracker(page, "");
  await page.waitForTimeout(300);
  expect(site.hits).toEqual([]);
  await page.evaluate(() => {
    Object.defineProperty(document, "prerendering", { value: false });
    document.dispatchEvent(new Event("prerenderingchange"));
  });
  await site.wait(1);
  await page.goto(site.url("/counts"));
  await site.one((hit) => hit.params.action_name === "counted");
});
