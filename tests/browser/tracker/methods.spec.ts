import { expect, push, test, withTracker } from "./site";

/** The documented methods of the tracker, by name. */
const METHODS = `
getHook setTrackerUrl getTrackerUrl getMatomoUrl getPiwikUrl addTracker getSiteId setSiteId resetUserId setUserId getUserId
setVisitorId getVisitorId getVisitorInfo getAttributionInfo getAttributionCampaignName getAttributionCampaignKeyword
getAttributionReferrerTimestamp getAttributionReferrerUrl setCustomData getCustomData setCustomRequestProcessing
appendToTrackingUrl getRequest addPlugin setCustomDimension getCustomDimension deleteCustomDimension setCustomVariable
getCustomVariable deleteCustomVariable deleteCustomVariables storeCustomVariablesInCookie setLinkTrackingTimer
getLinkTrackingTimer setDownloadExtensions addDownloadExtensions removeDownloadExtensions setDomains setExcludedReferrers
getExcludedReferrers enableCrossDomainLinking disableCrossDomainLinking isCrossDomainLinkingEnabled
setCrossDomainLinkingTimeout getCrossDomainLinkingUrlParameter setIgnoreClasses setRequestMethod setRequestContentType
setGenerationTimeMs setPagePerformanceTiming setReferrerUrl setCustomUrl getCurrentUrl setDocumentTitle setPageViewId
getPageViewId setAPIUrl setApiUrl setDownloadClasses setLinkClasses setCampaignNameKey setCampaignKeywordKey discardHashTag
setCookieNamePrefix setCookieDomain getCookieDomain hasCookies setSessionCookie getCookie setCookiePath getCookiePath
setVisitorCookieTimeout setSessionCookieTimeout getSessionCookieTimeout setReferralCookieTimeout
setConversionAttributionFirstReferrer setSecureCookie setCookieSameSite disableCookies areCookiesEnabled
setCookieConsentGiven requireCookieConsent getRememberedCookieConsent forgetCookieConsentGiven rememberCookieConsentGiven
deleteCookies setDoNotTrack disableCampaignParameters alwaysUseSendBeacon disableAlwaysUseSendBeacon addListener
enableLinkTracking disableLinkTracking enableJSErrorTracking disablePerformanceTracking enableHeartBeatTimer
setHeartBeatTimer disableHeartBeatTimer killFrame redirectFile setCountPreRendered trackGoal trackLink
getNumTrackedPageViews trackPageView disableBrowserFeatureDetection enableBrowserFeatureDetection
trackAllContentImpressions trackVisibleContentImpressions trackContentImpression trackContentImpressionsWithinNode
trackContentInteraction trackContentInteractionNode logAllContentBlocksOnPage trackEvent trackSiteSearch setEcommerceView
getEcommerceItems addEcommerceItem removeEcommerceItem clearEcommerceCart trackEcommerceOrder trackEcommerceCartUpdate
trackRequest ping disableQueueRequest setRequestQueueInterval queueRequest isConsentRequired getRememberedConsent
hasRememberedConsent requireConsent setConsentGiven rememberConsentGiven forgetConsentGiven hasConsent isUserOptedOut
optUserOut forgetUserOptOut enableFileTracking setVisitStandardLength setExcludedQueryParams
`
  .trim()
  .split(/\s+/);

test("the tracker has every documented method and no other", async ({ page, site }) => {
  site.page("/", []);
  await page.goto(site.url());
  const names = await withTracker<string[]>(
    page,
    "return Object.keys(tracker).filter((name) => typeof tracker[name] === 'function')",
  );
  expect(names.sort()).toEqual([...METHODS].sort());
});

test("no method breaks on whatever a page hands it", async ({ page, site }) => {
  const thrown: Error[] = [];
  page.on("pageerror", (error) => thrown.push(error));
  site.page("/", []);
  await page.goto(site.url());
  const failures = await withTracker<string[]>(
    page,
    `const hostile = [undefined, null, "", "x", 0, -1, NaN, {}, [], [null], function () {}, true, "%E0%A4%A", "a[b(c*", document.body];
     const failures = [];
     for (const name of ${JSON.stringify(METHODS)}) {
       for (const value of hostile) {
         if (name === "addTracker" && value !== null) continue;
         try { tracker[name](value, value, value, value, value); } catch (failure) { failures.push(name + " " + String(value) + ": " + failure); }
       }
     }
     document.body.click();
     return failures;`,
  );
  expect(failures).toEqual([]);
  expect(thrown).toEqual([]);
});

test("the server's address", async ({ page, site }) => {
  site.page("/", []);
  await page.goto(site.url());
  for (const [given, expected] of [
    ["https://a.example/stats/matomo.php", "https://a.example/stats/"],
    ["https://a.example/js/tracker.php?x=1", "https://a.example/"],
    ["//a.example/piwik.php", "//a.example/"],
    ["matomo.php", ""],
  ]) {
    await push(page, ["setTrackerUrl", given]);
    expect(
      await withTracker(page, "return [tracker.getTrackerUrl(), tracker.getMatomoUrl(), tracker.getPiwikUrl()]"),
    ).toEqual([given, expected, expected]);
  }
  await push(page, ["setAPIUrl", "https://api.example/"]);
  expect(await withTracker(page, "return tracker.getMatomoUrl()")).toBe("https://api.example/");
});

test("cookies of the page's own", async ({ page, site }) => {
  site.page("/", []);
  await page.goto(site.url());
  expect(
    await withTracker(
      page,
      "tracker.setSessionCookie('own', 'a b', 60000); return [tracker.getCookie('own'), tracker.getCookie('none')]",
    ),
  ).toEqual(["a b", 0]);
});

test("a page in a frame takes the whole window where it wants to", async ({ page, site }) => {
  site.page("/inner", [["killFrame"]]);
  site.pages.set("/", `<iframe src="/inner"></iframe>`);
  await page.goto(site.url());
  await page.waitForURL(site.url("/inner"));
});

test("pages on disk send nothing unless they ask to, and can be led to the site", async ({ page, site }, info) => {
  const { writeFileSync } = await import("node:fs");
  const { fileURLToPath, pathToFileURL } = await import("node:url");
  const script = fileURLToPath(new URL("../../../tracker/dist/matomo.js", import.meta.url));
  const write = (name: string, commands: string): string => {
    const path = info.outputPath(name);
    writeFileSync(
      path,
      `<script>var _paq = [["setTrackerUrl", "${site.url("/matomo.php")}"], ["setSiteId", 1], ${commands}];</script><script src="${pathToFileURL(script)}"></script>`,
    );
    return pathToFileURL(path).href;
  };
  await page.goto(write("silent.html", `["trackPageView", "silent"]`));
  await page.goto(write("asks.html", `["enableFileTracking"], ["trackPageView", "asks"]`));
  await site.wait(1);
  expect(site.hits.map((hit) => hit.params.action_name)).toEqual(["asks"]);
  site.pages.set("/live", "live");
  await page.goto(write("led.html", `["redirectFile", "${site.url("/live")}"]`));
  await page.waitForURL(site.url("/live"));
});
