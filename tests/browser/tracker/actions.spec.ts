import type { Page } from "@playwright/test";
import { expect, isPing, push, type Site, test, withTracker } from "./site";

/** From here on the page's time moves only when the test moves it. */
const stopClock = async (page: Page): Promise<void> => {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 10_000);
};

/** Pings so far. A last event first, so that none is still on its way. */
const pings = async (page: Page, site: Site): Promise<number> => {
  const mark = `mark ${site.hits.length}`;
  await push(page, ["trackEvent", "mark", mark]);
  await site.one((hit) => hit.params.e_a === mark);
  await new Promise((resolve) => setTimeout(resolve, 150));
  return site.hits.filter(isPing).length;
};

test("an event has category, action, name and value, and is marked as no page view", async ({ page, site }) => {
  site.page("/", [["trackEvent", "Videos", "Play", "Bongo", 4.5]]);
  await page.goto(site.url());
  const { params } = await site.one();
  expect(params).toMatchObject({ e_c: "Videos", e_a: "Play", e_n: "Bongo", e_v: "4.5", ca: "1" });
  expect(params).not.toHaveProperty("action_name");
});

test("an event value of nought is a value", async ({ page, site }) => {
  site.page("/", [["trackEvent", "c", "a", "n", 0]]);
  await page.goto(site.url());
  expect((await site.one()).params.e_v).toBe("0");
});

test("events without category or action are not sent", async ({ page, site }) => {
  site.page("/", [
    ["trackEvent", " ", "a"],
    ["trackEvent", "c"],
    ["trackEvent", "c", "last"],
  ]);
  await page.goto(site.url());
  await site.wait(1);
  expect(site.hits.map((hit) => hit.params.e_a)).toEqual(["last"]);
});

test("goals with and without revenue", async ({ page, site }) => {
  site.page("/", [
    ["trackGoal", 3],
    ["trackGoal", 4, 12.5],
  ]);
  await page.goto(site.url());
  const [plain, paid] = await site.wait(2);
  expect(plain?.params.idgoal).toBe("3");
  expect(plain?.params).not.toHaveProperty("revenue");
  expect(paid?.params).toMatchObject({ idgoal: "4", revenue: "12.5" });
});

test("site search with category and count", async ({ page, site }) => {
  site.page("/", [
    ["trackSiteSearch", "chai", "drinks", 0],
    ["trackSiteSearch", "kahawa", false, false],
  ]);
  await page.goto(site.url());
  const [first, second] = await site.wait(2);
  expect(first?.params).toMatchObject({ search: "chai", search_cat: "drinks", search_count: "0" });
  expect(second?.params.search).toBe("kahawa");
  expect(second?.params).not.toHaveProperty("search_cat");
  expect(second?.params).not.toHaveProperty("search_count");
});

test("a product view goes with the next page view only", async ({ page, site }) => {
  site.page("/", [
    ["setEcommerceView", "sku1", "Name", ["Cat A", "Cat B"], 9.5],
    ["trackEvent", "c", "a"],
    ["trackPageView"],
    ["trackPageView"],
  ]);
  await page.goto(site.url());
  const [event, product, plain] = await site.wait(3);
  expect(event?.params).not.toHaveProperty("_pks");
  expect(product?.params).toMatchObject({ _pks: "sku1", _pkn: "Name", _pkc: '["Cat A","Cat B"]', _pkp: "9.5" });
  expect(plain?.params).not.toHaveProperty("_pks");
});

test("a category view has no product", async ({ page, site }) => {
  site.page("/", [["setEcommerceView", false, false, "Kitchen"], ["trackPageView"]]);
  await page.goto(site.url());
  const { params } = await site.one();
  expect(params._pkc).toBe("Kitchen");
  expect(params).not.toHaveProperty("_pks");
  expect(params).not.toHaveProperty("_pkp");
});

test("a cart, then an order that empties it", async ({ page, site }) => {
  site.page("/", [
    ["addEcommerceItem", "a1", "Cup", "Kitchen", 5, 2],
    ["addEcommerceItem", "b2"],
    ["addEcommerceItem", "c3", "Gone"],
    ["removeEcommerceItem", "c3"],
    ["trackEcommerceCartUpdate", 10],
    ["trackEcommerceOrder", "order-1", 15.5, 10, 1.6, 5, false],
    ["trackEcommerceOrder", "order-2", 1],
  ]);
  await page.goto(site.url());
  const [cart, order, empty] = await site.wait(3);
  expect(cart?.params).toMatchObject({ idgoal: "0", revenue: "10" });
  expect(cart?.params).not.toHaveProperty("ec_id");
  const items = [
    ["a1", "Cup", "Kitchen", 5, 2],
    ["b2", "", "", 0, 1],
  ];
  expect(JSON.parse(cart?.params.ec_items as string)).toEqual(items);
  expect(order?.params).toMatchObject({
    idgoal: "0",
    ec_id: "order-1",
    revenue: "15.5",
    ec_st: "10",
    ec_tx: "1.6",
    ec_sh: "5",
  });
  expect(order?.params).not.toHaveProperty("ec_dt");
  expect(JSON.parse(order?.params.ec_items as string)).toEqual(items);
  expect(JSON.parse(empty?.params.ec_items as string)).toEqual([]);
});

test("the cart can be read without changing it", async ({ page, site }) => {
  site.page("/", [["addEcommerceItem", "a1", "Cup", "Kitchen", 5, 2]]);
  await page.goto(site.url());
  const seen = await withTracker(
    page,
    "const items = tracker.getEcommerceItems(); items.a1[1] = 'changed'; return [tracker.getEcommerceItems(), (tracker.clearEcommerceCart(), tracker.getEcommerceItems())]",
  );
  expect(seen).toEqual([{ a1: ["a1", "Cup", "Kitchen", 5, 2] }, {}]);
});

test("ping and requests of the page's own making", async ({ page, site }) => {
  site.page("/", [["ping"], ["trackRequest", "?own=1&x=y"], ["queueRequest", "queued=1"]]);
  await page.goto(site.url());
  expect((await site.one(isPing)).params).not.toHaveProperty("action_name");
  expect((await site.one((hit) => hit.params.own === "1")).params).toMatchObject({ x: "y", idsite: "1", rec: "1" });
  const queued = await site.one((hit) => hit.params.queued === "1");
  expect(queued.isBulk).toBe(true);
  expect(queued.params.idsite).toBe("1");
});

test("getRequest gives the whole request without sending it", async ({ page, site }) => {
  site.page("/", []);
  await page.goto(site.url());
  const request = await withTracker<string>(page, "return tracker.getRequest('own=1')");
  expect(request).toMatch(/^own=1&idsite=1&rec=1&r=\d+&h=\d+&m=\d+&s=\d+&url=/);
  expect(site.hits).toEqual([]);
});

test("uncaught errors are events, each once in a page view", async ({ page, site }) => {
  site.page("/", [["trackPageView"], ["enableJSErrorTracking"], ["enableJSErrorTracking"]], {
    body: "<script>\nfunction fail() { throw new Error('broken'); }</script>",
  });
  await page.goto(site.url());
  await withTracker(page, "setTimeout(fail); setTimeout(fail);");
  const { params } = await site.one((hit) => hit.params.e_c === "JavaScript Errors");
  expect(params.e_a).toBe("Uncaught Error: broken");
  expect(params.e_n).toMatch(new RegExp(`^${site.url("/")}:\\d+:\\d+$`));
  await push(page, ["trackEvent", "end", "end"]);
  await site.one((hit) => hit.params.e_c === "end");
  expect(site.hits.filter((hit) => hit.params.e_c === "JavaScript Errors")).toHaveLength(1);
});

test("the heart beats after the page has been watched, and when it is left", async ({ page, site }) => {
  await stopClock(page);
  site.page("/", [["disableBrowserFeatureDetection"], ["enableHeartBeatTimer", 10], ["trackPageView"]]);
  await page.goto(site.url());
  await site.wait(1);
  await page.clock.runFor(9_000);
  expect(await pings(page, site)).toBe(0);
  await page.clock.runFor(1_500);
  await site.wait(1, isPing);
  await page.clock.runFor(7_000);
  await page.evaluate(() => window.dispatchEvent(new Event("blur")));
  await site.wait(2, isPing);
  // A short look back is no attention worth a beat.
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await page.clock.runFor(3_000);
  await page.evaluate(() => window.dispatchEvent(new Event("blur")));
  expect(await pings(page, site)).toBe(2);
  await push(page, ["disableHeartBeatTimer"]);
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await page.clock.runFor(30_000);
  expect(await pings(page, site)).toBe(2);
});

test("the heart beat is never faster than five seconds", async ({ page, site }) => {
  await stopClock(page);
  site.page("/", [["disableBrowserFeatureDetection"], ["enableHeartBeatTimer", 1], ["trackPageView"]]);
  await page.goto(site.url());
  await site.wait(1);
  await page.clock.runFor(4_500);
  expect(await pings(page, site)).toBe(0);
  await page.clock.runFor(1_000);
  await site.wait(1, isPing);
});
