import { expect, push, type Site, test, withTracker } from "./site";

const LINKS = `
  <script>document.addEventListener("click", function (event) { event.preventDefault(); });</script>
  <a id="out" href="https://other.example/path?x=1#y">out</a>
  <a id="own" href="/inside">own</a>
  <a id="alias" href="https://shop.alias.example/a">alias</a>
  <a id="pdf" href="/files/report.PDF?v=2">pdf</a>
  <a id="attribute" href="/make" download>made</a>
  <a id="download-class" href="/thing" class="matomo_download">d</a>
  <a id="old-class" href="/thing2" class="piwik_download">d</a>
  <a id="link-class" href="/inside2" class="matomo_link">l</a>
  <a id="ignored" href="https://other.example/" class="matomo_ignore">i</a>
  <a id="mail" href="mailto:a@b.example">m</a>
  <a id="script" href="javascript:void(0)">s</a>
  <a id="nested" href="https://other.example/nested"><b><i id="inner">deep</i></b></a>
  <svg width="50" height="20"><a id="svg" href="https://other.example/svg"><text y="15">svg</text></a></svg>
  <a id="own-download" href="/x" class="get">d</a>
  <a id="own-link" href="/y" class="away">l</a>
  <a id="own-ignored" href="https://other.example/z" class="quiet">l</a>
  <map name="m"><area id="area" shape="rect" coords="0,0,50,50" href="https://other.example/area"></map>
  <img usemap="#m" width="50" height="50" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==">
`;

/** What the clicks so far were reported as, in order; a last event marks the end. */
const reported = async (site: Site, page: import("@playwright/test").Page): Promise<string[]> => {
  await push(page, ["trackEvent", "end", "end"]);
  await site.one((hit) => hit.params.e_c === "end");
  return site.hits
    .filter((hit) => hit.params.link || hit.params.download)
    .map((hit) => (hit.params.link ? `link ${hit.params.link}` : `download ${hit.params.download}`));
};

test("outlinks and downloads are told apart from links within the site", async ({ page, site }) => {
  site.page("/", [["setDomains", ["*.alias.example"]], ["enableLinkTracking"]], { body: LINKS });
  await page.goto(site.url());
  await withTracker(page, "");
  for (const id of [
    "out",
    "own",
    "alias",
    "pdf",
    "attribute",
    "download-class",
    "old-class",
    "link-class",
    "ignored",
    "mail",
    "script",
    "inner",
    "svg",
    "own-link",
  ]) {
    await page.click(`#${id}`);
  }
  await page.click("img", { position: { x: 20, y: 20 } });
  expect(await reported(site, page)).toEqual([
    "link https://other.example/path?x=1#y",
    `download ${site.url("/files/report.PDF?v=2")}`,
    `download ${site.url("/make")}`,
    `download ${site.url("/thing")}`,
    `download ${site.url("/thing2")}`,
    `link ${site.url("/inside2")}`,
    "link https://other.example/nested",
    "link https://other.example/svg",
    "link https://other.example/area",
  ]);
  const [hit] = site.hits;
  expect(hit?.params).toMatchObject({ idsite: "1", rec: "1", url: site.url("/") });
  expect(hit?.params).not.toHaveProperty("action_name");
});

test("own classes and extensions", async ({ page, site }) => {
  site.page(
    "/",
    [
      ["setDownloadClasses", "get"],
      ["setLinkClasses", ["away"]],
      ["setIgnoreClasses", "quiet"],
      ["removeDownloadExtensions", "pdf|zip"],
      ["addDownloadExtensions", ["odt", "foo"]],
      ["enableLinkTracking"],
    ],
    { body: `${LINKS}<a id="foo" href="/a.foo">f</a><a id="zip" href="/a.zip">z</a><a id="csv" href="/a.csv">z</a>` },
  );
  await page.goto(site.url());
  await withTracker(page, "");
  for (const id of ["own-download", "own-link", "own-ignored", "pdf", "foo", "zip"]) {
    await page.click(`#${id}`);
  }
  await push(page, ["setDownloadExtensions", "zip"]);
  for (const id of ["foo", "zip", "csv"]) {
    await page.click(`#${id}`);
  }
  expect(await reported(site, page)).toEqual([
    `download ${site.url("/x")}`,
    `link ${site.url("/y")}`,
    `download ${site.url("/a.foo")}`,
    `download ${site.url("/a.zip")}`,
  ]);
});

test("middle clicks and context menus count only where asked for", async ({ page, site }) => {
  for (const [path, pseudo] of [
    ["/plain", undefined],
    ["/pseudo", true],
  ] as const) {
    site.page(path, [["enableLinkTracking", pseudo]], { body: LINKS });
    await page.goto(site.url(path));
    site.hits.length = 0;
    await withTracker(page, "document.addEventListener('auxclick', (e) => e.preventDefault())");
    await page.dispatchEvent("#out", "auxclick", { button: 1 });
    await page.click("#own");
    await page.click("#out", { button: "right" });
    expect((await reported(site, page)).length, path).toBe(pseudo ? 2 : 0);
  }
});

test("links that come later, or in a web component, count too", async ({ page, site }) => {
  site.page("/", [["enableLinkTracking"]], { body: LINKS });
  await page.goto(site.url());
  await withTracker(
    page,
    `document.body.insertAdjacentHTML("beforeend", '<a id="late" href="https://late.example/" onclick="event.stopPropagation()">late</a><div id="host"></div>');
     document.querySelector("#host").attachShadow({ mode: "open" }).innerHTML = '<a id="shadow" href="https://shadow.example/">shadow</a>';
     document.querySelector("#late").addEventListener("click", (e) => e.preventDefault());`,
  );
  await page.click("#late");
  await page.click("#shadow");
  expect(await reported(site, page)).toEqual(["link https://late.example/", "link https://shadow.example/"]);
});

test("tracking of links can be switched off, and single links listened to", async ({ page, site }) => {
  site.page("/", [["enableLinkTracking"], ["disableLinkTracking"]], { body: LINKS });
  await page.goto(site.url());
  await withTracker(page, "tracker.addListener(document.querySelector('#own')); tracker.addListener(null);");
  await page.click("#out");
  await page.click("#own");
  expect(await reported(site, page)).toEqual([`link ${site.url("/inside")}`]);
});

test("an outlink is reported while the page goes", async ({ page, site }) => {
  site.page("/", [["enableLinkTracking"]], { body: `<a href="${site.url("/away", "127.0.0.1")}">away</a>` });
  site.pages.set("/away", "away");
  await page.goto(site.url());
  await withTracker(page, "");
  await page.click("a");
  await page.waitForURL(site.url("/away", "127.0.0.1"));
  expect((await site.one()).params.link).toBe(site.url("/away", "127.0.0.1"));
});

test("a site that is one folder keeps its cookies there and sees its neighbours as outlinks", async ({
  page,
  context,
  site,
}) => {
  site.page("/user/juma/home", [["setDomains", "localhost/user/juma"], ["enableLinkTracking"], ["trackPageView"]], {
    body: `<script>document.addEventListener("click", function (e) { e.preventDefault(); });</script>
      <a id="mine" href="/user/juma/x">m</a><a id="hers" href="/user/asha/x">h</a><a id="near" href="/user/jumanne">n</a>`,
  });
  await page.goto(site.url("/user/juma/home"));
  await site.one();
  await withTracker(page, "");
  for (const id of ["mine", "hers", "near"]) {
    await page.click(`#${id}`);
  }
  expect(await reported(site, page)).toEqual([`link ${site.url("/user/asha/x")}`, `link ${site.url("/user/jumanne")}`]);
  expect(new Set((await context.cookies()).map((cookie) => cookie.path))).toEqual(new Set(["/user/juma"]));
});

test("a link can be reported by the page itself", async ({ page, site }) => {
  site.page("/", [
    ["trackLink", "https://x.example/a.zip", "download", { dimension1: "d" }],
    ["trackLink", "https://x.example/", "link"],
  ]);
  await page.goto(site.url());
  const [download, link] = await site.wait(2);
  expect(download?.params).toMatchObject({ download: "https://x.example/a.zip", dimension1: "d" });
  expect(link?.params.link).toBe("https://x.example/");
});

test("the link timer is kept", async ({ page, site }) => {
  site.page("/", [["setLinkTrackingTimer", 250]]);
  await page.goto(site.url());
  expect(await withTracker(page, "return tracker.getLinkTrackingTimer()")).toBe(250);
});
