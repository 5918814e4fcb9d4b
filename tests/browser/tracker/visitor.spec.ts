import { createHash } from "node:crypto";
import type { BrowserContext } from "@playwright/test";
import { expect, isPageView, isPing, push, test, withTracker } from "./site";

/** As Matomo names its cookies, so that its visitors stay known after the change. */
const hash = (domain: string, path = "/"): string =>
  createHash("sha1")
    .update(domain + path)
    .digest("hex")
    .slice(0, 4);

const cookieMap = async (
  context: BrowserContext,
): Promise<
  Map<string, { value: string; expires: number; domain: string; path: string; sameSite: string; secure: boolean }>
> =>
  new Map(
    (await context.cookies()).map((cookie) => [cookie.name, { ...cookie, value: decodeURIComponent(cookie.value) }]),
  );

test("cookies have Matomo's names, values and lifetimes", async ({ page, context, site }) => {
  site.page("/", [["trackPageView"]], { siteId: 7 });
  await page.goto(site.url());
  const { params } = await site.one();
  const cookies = await cookieMap(context);
  expect([...cookies.keys()].sort()).toEqual([`_pk_id.7.${hash("localhost")}`, `_pk_ses.7.${hash("localhost")}`]);
  expect(hash("localhost")).toBe("1fff");
  const id = cookies.get("_pk_id.7.1fff");
  expect(id?.value).toMatch(new RegExp(`^${params._id}\\.\\d{10}\\.$`));
  const now = Date.now() / 1000;
  expect(Math.abs((id?.expires ?? 0) - now - 33_955_200)).toBeLessThan(30);
  const session = cookies.get("_pk_ses.7.1fff");
  expect(session?.value).toBe("*");
  expect(Math.abs((session?.expires ?? 0) - now - 1800)).toBeLessThan(30);
  expect(id).toMatchObject({ path: "/", sameSite: "Lax", secure: false });
});

test("the visitor of a Matomo cookie stays the same one", async ({ page, context, site }) => {
  const created = Math.round(Date.now() / 1000) - 86_400;
  await context.addCookies([
    { name: "_pk_id.1.1fff", value: `00112233aabbccdd.${created}.4.${created}.${created}.`, url: site.url() },
  ]);
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url());
  const { params } = await site.one();
  expect(params).toMatchObject({ _id: "00112233aabbccdd", _idn: "0" });
  const cookie = (await cookieMap(context)).get("_pk_id.1.1fff");
  expect(cookie?.value).toBe(`00112233aabbccdd.${created}.`);
  // The lifetime still counts from the first visit.
  expect(Math.abs((cookie?.expires ?? 0) - created - 33_955_200)).toBeLessThan(30);
  expect(await withTracker(page, "return tracker.getVisitorInfo()")).toEqual(["0", "00112233aabbccdd", created]);
});

test("a damaged cookie gives a new visitor", async ({ page, context, site }) => {
  await context.addCookies([{ name: "_pk_id.1.1fff", value: "%E0%A4%A.<script>", url: site.url() }]);
  site.page("/", [["trackPageView"]]);
  await page.goto(site.url());
  const { params } = await site.one();
  expect(params._id).toMatch(/^[0-9a-f]{16}$/);
  expect(params._idn).toBe("1");
});

test("the second page knows the visitor", async ({ page, site }) => {
  site.page("/", [["trackPageView"], ["trackPageView"]]);
  await page.goto(site.url());
  await site.wait(2);
  await page.reload();
  const hits = await site.wait(4);
  expect(new Set(hits.map((hit) => hit.params._id)).size).toBe(1);
  expect(hits.map((hit) => hit.params._idn)).toEqual(["1", "0", "0", "0"]);
});

test("prefix, path, lifetimes and flags of cookies", async ({ page, context, site }) => {
  site.page("/shop/page", [
    ["setCookieNamePrefix", "_own_"],
    ["setCookiePath", "/shop"],
    ["setCookieSameSite", "strict"],
    ["setVisitorCookieTimeout", 1000],
    ["setSessionCookieTimeout", 60],
    ["trackPageView"],
  ]);
  await page.goto(site.url("/shop/page"));
  await site.one();
  const cookies = await cookieMap(context);
  const id = cookies.get(`_own_id.1.${hash("localhost", "/shop")}`);
  expect(id).toMatchObject({ path: "/shop", sameSite: "Strict" });
  expect(Math.abs((id?.expires ?? 0) - Date.now() / 1000 - 1000)).toBeLessThan(30);
  const session = cookies.get(`_own_ses.1.${hash("localhost", "/shop")}`);
  expect(Math.abs((session?.expires ?? 0) - Date.now() / 1000 - 60)).toBeLessThan(30);
  expect(await withTracker(page, "return [tracker.getCookiePath(), tracker.getSessionCookieTimeout()]")).toEqual([
    "/shop",
    60_000,
  ]);
});

test("a cookie domain is shared by its subdomains", async ({ page, context, site }) => {
  site.page("/", [["setCookieDomain", "*.shop.localhost"], ["trackPageView"]]);
  await page.goto(site.url("/", "a.shop.localhost"));
  await page.goto(site.url("/", "b.shop.localhost"));
  const [first, second] = await site.wait(2);
  expect(second?.params._id).toBe(first?.params._id);
  const names = [...(await cookieMap(context)).keys()];
  expect(names).toContain(`_pk_id.1.${hash(".shop.localhost")}`);
  expect(names.filter((name) => name.includes("testcookie"))).toEqual([]);
});

test("a cookie domain that the browser refuses is not taken over", async ({ page, context, site }) => {
  site.page("/", [["setCookieDomain", "elsewhere.example"], ["trackPageView"]]);
  await page.goto(site.url());
  await site.one();
  expect([...(await cookieMap(context)).keys()]).toContain("_pk_id.1.1fff");
  expect(await withTracker(page, "return tracker.getCookieDomain()")).toBe("");
});

test("without cookies there is no id and old cookies go", async ({ page, context, site }) => {
  site.page("/with", [["trackPageView"]]);
  site.page("/without", [["disableCookies"], ["trackPageView", "without"]]);
  await page.goto(site.url("/with"));
  await site.one();
  await page.goto(site.url("/without"));
  const { params } = await site.one((hit) => hit.params.action_name === "without");
  expect(params).not.toHaveProperty("_id");
  expect(params.cookie).toBe("0");
  expect(await context.cookies()).toEqual([]);
  expect(await withTracker(page, "return [tracker.hasCookies(), tracker.areCookiesEnabled()]")).toEqual(["0", false]);
});

test("deleteCookies forgets the visitor", async ({ page, context, site }) => {
  site.page("/", [["trackPageView"], ["deleteCookies"]]);
  await page.goto(site.url());
  await site.one();
  await withTracker(page, "");
  expect(await context.cookies()).toEqual([]);
});

test("a forced visitor id is sent but not kept", async ({ page, context, site }) => {
  site.page("/", [["setVisitorId", "no hex"], ["setVisitorId", "0123456789abcdef"], ["trackPageView"]]);
  await page.goto(site.url());
  expect((await site.one()).params._id).toBe("0123456789abcdef");
  expect((await cookieMap(context)).get("_pk_id.1.1fff")?.value).not.toContain("0123456789abcdef");
  expect(await withTracker(page, "return tracker.getVisitorId()")).toBe("0123456789abcdef");
});

test.describe("attribution", () => {
  test("a campaign is remembered for later conversions", async ({ page, context, site }) => {
    site.page("/", [["trackPageView"]]);
    site.page("/goal", [["trackGoal", 1]]);
    await page.goto(site.url("/?utm_campaign=Spring%20Sale&utm_term=caf%C3%A9"), { referer: "https://news.example/a" });
    const { params } = await site.one();
    expect(params).toMatchObject({ _rcn: "Spring Sale", _rck: "café", _ref: "https://news.example/a" });
    expect(Math.abs(Number(params._refts) - Date.now() / 1000)).toBeLessThan(30);
    await page.goto(site.url("/goal"));
    const goal = await site.one((hit) => hit.params.idgoal === "1");
    expect(goal.params).toMatchObject({ _rcn: "Spring Sale", _rck: "café", _refts: params._refts });
    const cookie = (await cookieMap(context)).get("_pk_ref.1.1fff");
    expect(JSON.parse(cookie?.value ?? "")).toEqual([
      "Spring Sale",
      "café",
      Number(params._refts),
      "https://news.example/a",
    ]);
    expect(Math.abs((cookie?.expires ?? 0) - Date.now() / 1000 - 15_768_000)).toBeLessThan(30);
    expect(
      await withTracker(
        page,
        `return [tracker.getAttributionInfo()[0], tracker.getAttributionCampaignName(),
      tracker.getAttributionCampaignKeyword(), tracker.getAttributionReferrerUrl(), String(tracker.getAttributionReferrerTimestamp())]`,
      ),
    ).toEqual(["Spring Sale", "Spring Sale", "café", "https://news.example/a", params._refts]);
  });

  test("the latest source wins, or the first where the site wants it", async ({ page, context, site }) => {
    for (const [path, isFirst] of [
      ["/last", false],
      ["/first", true],
    ] as const) {
      site.page(path, [["setConversionAttributionFirstReferrer", isFirst], ["trackPageView"]]);
      await context.clearCookies();
      site.hits.length = 0;
      await page.goto(site.url(`${path}?mtm_campaign=one`));
      await page.goto(site.url(`${path}?mtm_campaign=two`));
      const [, second] = await site.wait(2);
      expect(second?.params._rcn).toBe(isFirst ? "one" : "two");
    }
  });

  test("own names for campaign parameters, also in the fragment", async ({ page, site }) => {
    site.page("/", [["setCampaignNameKey", ["camp", "c2"]], ["setCampaignKeywordKey", "word"], ["trackPageView"]]);
    await page.goto(site.url("/#c2=named&word=w"));
    expect((await site.one()).params).toMatchObject({ _rcn: "named", _rck: "w" });
  });

  test("own pages and excluded referrers are no source", async ({ page, site }) => {
    site.page("/", [["setExcludedReferrers", ["*.paypal.example", "bank.example/pay"]], ["trackPageView"]]);
    for (const [referer, counts] of [
      ["https://www.paypal.example/x", false],
      ["https://bank.example/pay/1", false],
      ["https://bank.example/other", true],
      [site.url("/own"), false],
    ] as const) {
      await page.context().clearCookies();
      site.hits.length = 0;
      await page.goto(site.url(), { referer });
      const { params } = await site.one();
      expect(params._ref, referer).toBe(counts ? referer : undefined);
    }
    expect(await withTracker(page, "return tracker.getExcludedReferrers()")).toEqual([
      "*.paypal.example",
      "bank.example/pay",
    ]);
  });

  test("the page can say that its referrer does not count", async ({ page, site }) => {
    site.page("/", [["trackPageView"]]);
    await page.goto(site.url("/?ignore_referrer=1"), { referer: "https://news.example/a" });
    const { params } = await site.one();
    expect(params).not.toHaveProperty("urlref");
    expect(params).not.toHaveProperty("_ref");
  });
});

test.describe("consent", () => {
  test("nothing is sent or kept until consent, then what was held goes", async ({ page, context, site }) => {
    site.page("/", [["requireConsent"], ["trackPageView"], ["trackEvent", "c", "a"]]);
    await page.goto(site.url());
    expect(
      await withTracker(page, "return [tracker.isConsentRequired(), tracker.hasConsent(), tracker.isUserOptedOut()]"),
    ).toEqual([true, false, true]);
    await page.waitForTimeout(300);
    expect(site.hits).toEqual([]);
    expect(await context.cookies()).toEqual([]);
    await push(page, ["setConsentGiven"]);
    const hits = await site.wait(2);
    expect(hits.map((hit) => hit.params.e_a)).toEqual([undefined, "a"]);
    const id = (await cookieMap(context)).get("_pk_id.1.1fff");
    expect(id?.value.startsWith(hits[0]?.params._id as string)).toBe(true);
    // Given once: the next page asks again.
    await page.reload();
    await withTracker(page, "");
    await page.waitForTimeout(300);
    expect(site.hits).toHaveLength(2);
  });

  test("remembered consent holds for later pages until it is forgotten", async ({ page, context, site }) => {
    site.page("/", [["requireConsent"], ["trackPageView"]]);
    await page.goto(site.url());
    await push(page, ["rememberConsentGiven", 2]);
    await site.wait(1);
    const consent = (await cookieMap(context)).get("mtm_consent");
    expect(Math.abs(Number(consent?.value) - Date.now())).toBeLessThan(30_000);
    expect(Math.abs((consent?.expires ?? 0) - Date.now() / 1000 - 7200)).toBeLessThan(30);
    await page.reload();
    await site.wait(2);
    expect(await withTracker(page, "return [tracker.hasRememberedConsent(), tracker.getRememberedConsent()]")).toEqual([
      true,
      consent?.value,
    ]);

    await push(page, ["forgetConsentGiven"], ["trackEvent", "c", "after"]);
    await page.reload();
    await withTracker(page, "");
    await page.waitForTimeout(300);
    expect(site.hits).toHaveLength(2);
    const names = [...(await cookieMap(context)).keys()];
    expect(names).toEqual(["mtm_consent_removed"]);
    expect(await withTracker(page, "return [tracker.hasRememberedConsent(), tracker.getRememberedConsent()]")).toEqual([
      false,
      null,
    ]);
  });

  test("what was held for a visitor who then says no is never sent", async ({ page, site }) => {
    site.page("/", [["requireConsent"], ["trackPageView", "held"]]);
    await page.goto(site.url());
    await push(page, ["forgetConsentGiven"], ["setConsentGiven"], ["trackPageView", "after"]);
    await site.one((hit) => hit.params.action_name === "after");
    expect(site.hits.map((hit) => hit.params.action_name)).toEqual(["after"]);
  });

  test("without a lifetime consent is remembered for many years", async ({ page, context, site }) => {
    site.page("/", [["requireConsent"], ["rememberConsentGiven"], ["trackPageView"]]);
    await page.goto(site.url());
    await site.wait(1);
    // The browser itself caps lifetimes at 400 days.
    expect((await cookieMap(context)).get("mtm_consent")?.expires ?? 0).toBeGreaterThan(
      Date.now() / 1000 + 399 * 86_400,
    );
  });

  test("cookie consent lets requests through without an id, and joins them afterwards", async ({
    page,
    context,
    site,
  }) => {
    site.page("/", [["requireCookieConsent"], ["trackPageView"]]);
    await page.goto(site.url());
    const { params } = await site.one();
    expect(params).not.toHaveProperty("_id");
    expect(await context.cookies()).toEqual([]);
    await push(page, ["rememberCookieConsentGiven"]);
    const joining = await site.one(isPing);
    expect(joining.params._id).toMatch(/^[0-9a-f]{16}$/);
    expect([...(await cookieMap(context)).keys()].sort()).toEqual([
      "_pk_id.1.1fff",
      "_pk_ses.1.1fff",
      "mtm_cookie_consent",
    ]);
    await page.reload();
    const [, second] = await site.wait(2, isPageView);
    expect(second?.params).toMatchObject({ _id: joining.params._id, _idn: "0" });
    expect(
      await withTracker(page, "return [tracker.areCookiesEnabled(), tracker.getRememberedCookieConsent().length]"),
    ).toEqual([true, 13]);

    await push(page, ["forgetCookieConsentGiven"], ["trackEvent", "c", "a"]);
    const last = await site.one((hit) => hit.params.e_a === "a");
    expect(last.params).not.toHaveProperty("_id");
    expect(await context.cookies()).toEqual([]);
  });

  test("disabled cookies stay so whatever the cookie consent", async ({ page, context, site }) => {
    site.page("/", [["disableCookies"], ["setCookieConsentGiven"], ["trackPageView"]]);
    await page.goto(site.url());
    expect((await site.one()).params).not.toHaveProperty("_id");
    expect(await context.cookies()).toEqual([]);
  });

  test("a visitor can opt out and in again", async ({ page, context, site }) => {
    site.page("/", [["trackPageView"]]);
    await page.goto(site.url());
    await site.wait(1);
    await push(page, ["optUserOut"], ["trackEvent", "c", "out"]);
    expect(await withTracker(page, "return tracker.isUserOptedOut()")).toBe(true);
    await page.reload();
    expect(await withTracker(page, "return tracker.isUserOptedOut()")).toBe(true);
    expect([...(await cookieMap(context)).keys()]).toEqual(["mtm_consent_removed"]);
    expect(site.hits).toHaveLength(1);
    await push(page, ["forgetUserOptOut"], ["trackEvent", "c", "in"]);
    await site.one((hit) => hit.params.e_a === "in");
    expect(site.hits.filter((hit) => hit.params.e_a === "out")).toEqual([]);
    expect(await withTracker(page, "return tracker.isUserOptedOut()")).toBe(false);
  });
});

test.describe("cross-domain linking", () => {
  test("the visitor is carried to another domain of the site", async ({ page, site }) => {
    const commands = [
      ["setDomains", ["localhost", "127.0.0.1"]],
      ["enableCrossDomainLinking"],
      ["enableLinkTracking"],
      ["trackPageView"],
    ];
    site.page("/", commands, {
      body: `<a id="other" href="${site.url("/?a=1#frag", "127.0.0.1")}">other</a> <a id="own" href="/own">own</a>`,
    });
    await page.goto(site.url());
    const first = await site.one();
    await withTracker(page, "");
    await page.click("#other");
    const [, second] = await site.wait(2, isPageView);
    expect(page.url()).toMatch(new RegExp(`\\?a=1&pk_vid=${first.params._id}\\d{10}[0-9a-f]{6}#frag$`));
    expect(second?.params._id).toBe(first.params._id);
    expect(second?.params._idn).toBe("0");
    // What counts for the address of the page is the page, not the visitor; and it is no outlink.
    expect(second?.params.url).toBe(site.url("/?a=1#frag", "127.0.0.1"));
    expect(site.hits.filter((hit) => hit.params.link)).toEqual([]);
    expect(await withTracker(page, "return tracker.getCrossDomainLinkingUrlParameter()")).toMatch(
      /^pk_vid=[0-9a-f]{32}$/,
    );
  });

  test("an old link, and one from another device, carry nobody", async ({ page, context, site }) => {
    site.page("/", [
      ["setDomains", ["localhost"]],
      ["setCrossDomainLinkingTimeout", 60],
      ["enableCrossDomainLinking"],
      ["trackPageView"],
    ]);
    await page.goto(site.url());
    const parameter = await withTracker<string>(page, "return tracker.getCrossDomainLinkingUrlParameter()");
    const device = parameter.slice(-6);
    const now = Math.round(Date.now() / 1000);
    for (const [tail, isCarried] of [
      [`${now - 30}${device}`, true],
      [`${now - 90}${device}`, false],
      [`${now + 90}${device}`, false],
      [`${now}000000`, false],
    ] as const) {
      await context.clearCookies();
      site.hits.length = 0;
      await page.goto(site.url(`/?pk_vid=00112233aabbccdd${tail}`));
      const { params } = await site.one();
      expect(params._id === "00112233aabbccdd", tail).toBe(isCarried);
    }
  });

  test("is off unless asked for", async ({ page, site }) => {
    site.page("/", [["enableCrossDomainLinking"], ["disableCrossDomainLinking"]]);
    await page.goto(site.url());
    expect(
      await withTracker(
        page,
        "return [tracker.isCrossDomainLinkingEnabled(), tracker.getCrossDomainLinkingUrlParameter()]",
      ),
    ).toEqual([false, ""]);
  });
});
