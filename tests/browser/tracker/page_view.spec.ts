import { expect, isPageView, isPing, push, test, withTracker } from "./site";

test("a page view carries who, where and when", async ({ page, site }) => {
  site.page("/shop", [["trackPageView"], ["enableLinkTracking"]], { title: "Habari dunia" });
  await page.goto(site.url("/shop?a=1#top"));
  const { params, method } = await site.one();

  expect(params).toMatchObject({
    action_name: "Habari dunia",
    idsite: "1",
    rec: "1",
    url: site.url("/shop?a=1#top"),
    send_image: "0",
    _idn: "1",
    cookie: "1",
  });
  expect(params._id).toMatch(/^[0-9a-f]{16}$/);
  expect(params.r).toMatch(/^\d{1,6}$/);
  expect(params.pv_id).toMatch(/^[A-Za-z0-9]{6}$/);
  const screen = await page.evaluate(() => `${window.screen.width}x${window.screen.height}`);
  expect(params.res).toBe(screen);
  for (const plugin of ["pdf", "qt", "realp", "wma", "fla", "java", "ag"]) {
    expect(params[plugin], plugin).toMatch(/^[01]$/);
  }
  expect(Number(params.h)).toBe(new Date().getHours());
  expect(params).not.toHaveProperty("urlref");
  expect(params).not.toHaveProperty("cs");
  expect(params).not.toHaveProperty("ca");
  expect(method).toBe("POST");
});

test("client hints are sent as uadata", async ({ page, site }) => {
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url());
  const hints = JSON.parse((await site.one()).params.uadata as string);
  expect(hints.brands.length).toBeGreaterThan(0);
  expect(hints).toHaveProperty("platformVersion");
  expect(hints).toHaveProperty("fullVersionList");
  expect(hints.mobile).toBe(false);
});

test("without feature detection nothing of the device is sent", async ({ page, site }) => {
  site.page("/", [["trackPageView"], ["disableBrowserFeatureDetection"]]);
  await page.goto(site.url());
  const { params } = await site.one();
  for (const name of ["res", "cookie", "pdf", "uadata", "fla"]) {
    expect(params).not.toHaveProperty(name);
  }
  await push(page, ["enableBrowserFeatureDetection"], ["trackPageView", "again"]);
  const again = await site.one((hit) => hit.params.action_name === "again");
  expect(again.params).toHaveProperty("res");
  expect(again.params).toHaveProperty("uadata");
});

test("load timings go with the page view, or with a later request of the same view when it came too early", async ({
  page,
  site,
}) => {
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url());
  const first = await site.one();
  for (const name of ["pf_net", "pf_srv", "pf_tfr"]) {
    expect(first.params[name], name).toMatch(/^\d+$/);
  }
  await page.waitForLoadState("load");
  await push(page, ["ping"]);
  const later = await site.one(isPing);
  expect(later.params.pv_id).toBe(first.params.pv_id);
  expect(later.params).not.toHaveProperty("pf_net");
  const all = { ...first.params, ...later.params };
  expect(
    Object.keys(all)
      .filter((name) => name.startsWith("pf_"))
      .sort(),
  ).toEqual(["pf_dm1", "pf_dm2", "pf_net", "pf_onl", "pf_srv", "pf_tfr"]);
  await push(page, ["trackPageView", "second"]);
  const second = await site.one((hit) => hit.params.action_name === "second");
  expect(Object.keys(second.params).filter((name) => name.startsWith("pf_"))).toEqual([]);
});

test("timings set by the page go with its next page view only", async ({ page, site }) => {
  site.page("/", [["setPagePerformanceTiming", 1, 2, 3, null, 5], ["trackPageView"]]);
  await page.goto(site.url());
  const { params } = await site.one();
  expect(params).toMatchObject({ pf_net: "1", pf_srv: "2", pf_tfr: "3", pf_dm2: "5" });
  expect(params).not.toHaveProperty("pf_dm1");
  expect(params).not.toHaveProperty("pf_onl");
});

test("performance tracking can be switched off", async ({ page, site }) => {
  site.page("/", [["disablePerformanceTracking"], ["trackPageView"]]);
  await page.goto(site.url());
  expect(Object.keys((await site.one()).params).filter((name) => name.startsWith("pf_"))).toEqual([]);
});

test("the page may name its own URL, referrer and title", async ({ page, site }) => {
  site.page("/", [
    ["setCustomUrl", "/virtual/page?x=1"],
    ["setReferrerUrl", "https://search.example/?q=takwimu"],
    ["setDocumentTitle", "Own title"],
    ["trackPageView"],
    ["trackPageView", "Given title"],
  ]);
  await page.goto(site.url());
  const [first, second] = await site.wait(2);
  expect(first?.params).toMatchObject({
    url: site.url("/virtual/page?x=1"),
    urlref: "https://search.example/?q=takwimu",
    action_name: "Own title",
  });
  expect(second?.params.action_name).toBe("Given title");
  expect(await withTracker(page, "return tracker.getCurrentUrl()")).toBe(site.url("/virtual/page?x=1"));
  expect(await withTracker(page, "return tracker.getNumTrackedPageViews()")).toBe(2);
});

test("the referrer is that of the browser", async ({ page, site }) => {
  site.pages.set("/from", `<a href="${site.url("/to", "127.0.0.1")}">go</a>`);
  site.page("/to", [["trackPageView"]]);
  await page.goto(site.url("/from"));
  await page.click("a");
  expect((await site.one()).params.urlref).toBe(site.url("/"));
});

test("each page view has its own id, unless the page sets one", async ({ page, site }) => {
  site.page("/", [["trackPageView"], ["trackEvent", "a", "b"], ["trackPageView"]]);
  await page.goto(site.url());
  const [first, event, second] = await site.wait(3);
  expect(event?.params.pv_id).toBe(first?.params.pv_id);
  expect(second?.params.pv_id).not.toBe(first?.params.pv_id);
  await push(page, ["setPageViewId", "FIXED1"], ["trackPageView", "x"], ["trackPageView", "y"]);
  const fixed = await site.wait(2, (hit) => hit.params.pv_id === "FIXED1");
  expect(fixed).toHaveLength(2);
  expect(await withTracker(page, "return tracker.getPageViewId()")).toBe("FIXED1");
});

test("fragment, excluded and campaign parameters can be left out of the URL", async ({ page, site }) => {
  site.page("/", [
    ["discardHashTag", true],
    ["setExcludedQueryParams", ["token", "Secret"]],
    ["disableCampaignParameters"],
    ["trackPageView"],
  ]);
  await page.goto(site.url("/?a=1&token=x&secret=y&utm_campaign=c&pk_kwd=k&b=2#frag"));
  const { params } = await site.one();
  expect(params.url).toBe(site.url("/?a=1&b=2"));
  expect(params).not.toHaveProperty("_rcn");
});

test("the user id is sent until it is reset", async ({ page, site }) => {
  site.page("/", [["setUserId", "juma@example.org"], ["trackPageView"], ["resetUserId"], ["trackPageView"]]);
  await page.goto(site.url());
  const [first, second] = await site.wait(2);
  expect(first?.params.uid).toBe("juma@example.org");
  expect(second?.params).not.toHaveProperty("uid");
});

test("text is added to each request and requests can be processed", async ({ page, site }) => {
  site.page("/", [
    ["appendToTrackingUrl", "new_visit=1"],
    `["setCustomRequestProcessing", function (request) { return request + "&processed=yes"; }]`,
    ["trackPageView"],
    ["appendToTrackingUrl", ""],
    ["trackEvent", "c", "a"],
  ]);
  await page.goto(site.url());
  const [view, event] = await site.wait(2);
  expect(view?.params).toMatchObject({ new_visit: "1", processed: "yes" });
  expect(event?.params).toMatchObject({ processed: "yes" });
  expect(event?.params).not.toHaveProperty("new_visit");
});

test("custom dimensions, variables and data", async ({ page, site }) => {
  site.page("/", [
    ["setCustomDimension", 1, "member"],
    ["setCustomDimension", 2, ""],
    ["setCustomVariable", 1, "plan", "gold", "visit"],
    ["setCustomVariable", 2, "section", "x".repeat(300), "page"],
    ["setCustomVariable", 3, "part", "button", "event"],
    ["setCustomData", { shop: "nairobi" }],
    ["trackPageView", "t", { dimension1: "guest", dimension7: "seven", extra: 5 }],
    ["deleteCustomDimension", 1],
    ["deleteCustomVariable", 1, "visit"],
    ["trackEvent", "c", "a", "n", 1.5, { dimension3: "three" }],
  ]);
  await page.goto(site.url());
  const [view, event] = await site.wait(2);
  expect(view?.params).toMatchObject({ dimension1: "guest", dimension2: "", dimension7: "seven" });
  expect(JSON.parse(view?.params.data as string)).toEqual({ shop: "nairobi", extra: 5 });
  expect(JSON.parse(view?.params._cvar as string)).toEqual({ 1: ["plan", "gold"] });
  expect(JSON.parse(view?.params.cvar as string)).toEqual({ 2: ["section", "x".repeat(200)] });
  expect(JSON.parse(view?.params.e_cvar as string)).toEqual({ 3: ["part", "button"] });
  expect(event?.params).toMatchObject({ dimension3: "three", dimension2: "" });
  expect(event?.params).not.toHaveProperty("dimension1");
  expect(JSON.parse(event?.params._cvar as string)).toEqual({ 1: ["", ""] });
  expect(
    await withTracker(page, "return [tracker.getCustomVariable(2, 'page')[0], tracker.getCustomVariable(1)]"),
  ).toEqual(["section", false]);
});

test("variables of the visit survive the page when they are stored", async ({ page, site }) => {
  site.page("/one", [
    ["storeCustomVariablesInCookie"],
    ["setCustomVariable", 1, "plan", "gold", "visit"],
    ["trackPageView"],
  ]);
  site.page("/two", [["trackPageView"]]);
  await page.goto(site.url("/one"));
  await site.wait(1);
  await page.goto(site.url("/two"));
  const [, second] = await site.wait(2, isPageView);
  expect(JSON.parse(second?.params._cvar as string)).toEqual({ 1: ["plan", "gold"] });
});

test("a callback learns of the outcome", async ({ page, site }) => {
  site.page("/", [`["trackPageView", "t", {}, function (outcome) { window.outcome = outcome; }]`]);
  await page.goto(site.url());
  await page.waitForFunction(() => (window as any).outcome);
  const outcome = await page.evaluate(() => (window as any).outcome);
  expect(outcome).toMatchObject({ success: true, isSendBeacon: true, trackerUrl: "/matomo.php" });
  expect(outcome.request).toContain("action_name=t&idsite=1&rec=1");
});

test("the installation check's nonce comes back", async ({ page, site }) => {
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url("/?tracker_install_check=abc123"));
  expect((await site.one()).params.tracker_install_check).toBe("abc123");
});
