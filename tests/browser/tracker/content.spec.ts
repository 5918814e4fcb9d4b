import { expect, push, test, withTracker } from "./site";

const STOP = `<script>document.addEventListener("click", function (event) { event.preventDefault(); });</script>`;

const of = (params: Record<string, string>): (string | undefined)[] => [params.c_n, params.c_p, params.c_t, params.c_i];

test("blocks are read by the documented rules", async ({ page, site }) => {
  site.page("/", [["trackAllContentImpressions"]], {
    body: `
    <img src="img-en.jpg" data-track-content>
    <a href="https://a.example" class="matomoTrackContent"><img src="b.jpg" data-content-piece="b.jpg"></a>
    <a href="https://a.example" class="piwikTrackContent"><img src="c.jpg" class="matomoContentPiece"></a>
    <a href="https://a.example/d" data-track-content title="Block"><span title="Inner" data-content-piece>text</span></a>
    <div data-track-content data-content-name="Ad"><img src="https://cdn.example/x.jpg" data-content-piece><a href="/go" data-content-target>x</a></div>
    <div data-track-content><video data-content-piece><source src="v.mp4"><source src="v.webm"></video></div>
    <div data-track-content><input type="submit" data-content-target="https://t.example"></div>`,
  });
  await page.goto(site.url());
  const hits = await site.wait(7);
  const own = site.url("");
  expect(hits.map((hit) => of(hit.params))).toEqual([
    ["/img-en.jpg", `${own}/img-en.jpg`, undefined, undefined],
    ["b.jpg", "b.jpg", "https://a.example", undefined],
    ["/c.jpg", `${own}/c.jpg`, "https://a.example", undefined],
    ["Block", "Unknown", "https://a.example/d", undefined],
    ["Ad", "https://cdn.example/x.jpg", "/go", undefined],
    ["/v.mp4", `${own}/v.mp4`, undefined, undefined],
    ["Unknown", "Unknown", "https://t.example", undefined],
  ]);
  // Impressions are many, so they travel together; none is a page view.
  expect(hits.every((hit) => hit.isBulk && hit.method === "POST")).toBe(true);
  expect(new Set(hits.map((hit) => hit.arrival)).size).toBe(1);
  expect(hits[0]?.params).toMatchObject({ ca: "1", idsite: "1", rec: "1" });
});

test("an impression counts once in a page view", async ({ page, site }) => {
  site.page(
    "/",
    [
      ["setRequestQueueInterval", 1000],
      ["trackPageView"],
      ["trackAllContentImpressions"],
      ["trackAllContentImpressions"],
    ],
    {
      body: `<div data-track-content data-content-name="one"></div>`,
    },
  );
  await page.goto(site.url());
  await site.wait(1, (hit) => hit.params.c_n === "one");
  await push(page, ["trackAllContentImpressions"], ["trackPageView"], ["trackAllContentImpressions"]);
  await site.wait(2, (hit) => hit.params.c_n === "one");
  await page.waitForTimeout(1_200);
  expect(site.hits.filter((hit) => hit.params.c_n === "one")).toHaveLength(2);
});

test("clicks on the target are interactions", async ({ page, site }) => {
  site.page("/", [["trackAllContentImpressions"]], {
    body: `${STOP}
    <div data-track-content data-content-name="whole"><p id="whole">click</p></div>
    <div data-track-content data-content-name="part"><p id="aside">no</p><a id="target" href="/go" data-content-target><b id="bold">yes</b></a></div>
    <div data-track-content data-content-name="ignored"><a id="ignored" href="/go" data-content-target data-content-ignoreinteraction>no</a></div>
    <a class="matomoTrackContent matomoContentIgnoreInteraction" data-content-name="class"><i id="class">no</i></a>`,
  });
  await page.goto(site.url());
  await withTracker(page, "");
  for (const id of ["whole", "aside", "bold", "ignored", "class"]) {
    await page.click(`#${id}`);
  }
  await push(page, ["trackEvent", "end", "end"]);
  await site.one((hit) => hit.params.e_c === "end");
  expect(site.hits.filter((hit) => hit.params.c_i).map((hit) => of(hit.params))).toEqual([
    ["whole", "Unknown", undefined, "click"],
    ["part", "Unknown", "/go", "click"],
  ]);
  expect(site.hits.filter((hit) => hit.params.c_i).every((hit) => !hit.isBulk && hit.params.ca === "1")).toBe(true);
});

test("an interaction with an outlink counts beside the outlink", async ({ page, site }) => {
  site.page("/", [["enableLinkTracking"], ["trackAllContentImpressions"]], {
    body: `${STOP}<a id="ad" href="https://ad.example/" data-track-content data-content-name="ad">ad</a>`,
  });
  await page.goto(site.url());
  await withTracker(page, "");
  await page.click("#ad");
  await site.one((hit) => hit.params.link === "https://ad.example/");
  await site.one((hit) => hit.params.c_n === "ad" && hit.params.c_i === "click");
});

test("only what is seen counts, when it is seen", async ({ page, site }) => {
  site.page("/", [["setRequestQueueInterval", 1000], ["trackVisibleContentImpressions"]], {
    body: `<div data-track-content data-content-name="top">top</div>
    <div data-track-content data-content-name="gone" style="display:none">x</div>
    <div data-track-content data-content-name="hidden" style="visibility:hidden">x</div>
    <div style="opacity:0"><div data-track-content data-content-name="clear">x</div></div>
    <div style="height:3000px"></div>
    <div id="low" data-track-content data-content-name="low">low</div>`,
  });
  await page.goto(site.url());
  await site.one((hit) => hit.params.c_n === "top");
  await page.waitForTimeout(500);
  expect(site.hits.map((hit) => hit.params.c_n)).toEqual(["top"]);
  await page.locator("#low").scrollIntoViewIfNeeded();
  await site.one((hit) => hit.params.c_n === "low");
  expect(site.hits.map((hit) => hit.params.c_n)).toEqual(["top", "low"]);
});

test("visible content is looked for again from time to time", async ({ page, site }) => {
  site.page("/", [
    ["setRequestQueueInterval", 1000],
    ["trackVisibleContentImpressions", false, 200],
  ]);
  await page.goto(site.url());
  await withTracker(page, `document.body.innerHTML = '<div data-track-content data-content-name="late">late</div>'`);
  await site.one((hit) => hit.params.c_n === "late");
});

test("a part of the page that came later", async ({ page, site }) => {
  site.page("/", [], { body: STOP });
  await page.goto(site.url());
  await withTracker(
    page,
    `document.body.insertAdjacentHTML("beforeend", '<div id="new" data-track-content data-content-name="self">s<p data-track-content data-content-name="inner">i</p></div><p data-track-content data-content-name="outside">o</p>');
     tracker.trackContentImpressionsWithinNode(document.querySelector("#new")); tracker.trackContentImpressionsWithinNode(null);`,
  );
  const hits = await site.wait(2);
  expect(hits.map((hit) => hit.params.c_n)).toEqual(["self", "inner"]);
  await page.click("#new p");
  await site.one((hit) => hit.params.c_n === "inner" && hit.params.c_i === "click");
});

test("impressions and interactions by hand", async ({ page, site }) => {
  site.page(
    "/",
    [
      ["trackContentImpression", " Name ", "Piece", "https://t.example"],
      ["trackContentImpression", ""],
      ["trackContentInteraction", "tabbed", "Name", "Piece", "https://t.example"],
    ],
    { body: `<div data-track-content data-content-name="node"><p id="inside">x</p></div><p id="outside">x</p>` },
  );
  await page.goto(site.url());
  await withTracker(
    page,
    `tracker.trackContentInteractionNode(document.querySelector("#outside"), "lost");
     tracker.trackContentInteractionNode(document.querySelector("#inside"), "submitted");
     tracker.trackContentInteractionNode(document.querySelector("#inside"));`,
  );
  const hits = await site.wait(4);
  expect(hits.map((hit) => of(hit.params))).toEqual([
    ["Name", "Piece", "https://t.example", undefined],
    ["Name", "Piece", "https://t.example", "tabbed"],
    ["node", "Unknown", undefined, "submitted"],
    ["node", "Unknown", undefined, "Unknown"],
  ]);
  expect(hits.some((hit) => hit.isBulk)).toBe(false);
});

test("blocks can be listed on the console", async ({ page, site }) => {
  site.page("/", [], { body: `<div data-track-content data-content-name="logged"></div>` });
  await page.goto(site.url());
  const message = page.waitForEvent("console", (entry) => entry.type() === "log");
  await push(page, ["logAllContentBlocksOnPage"]);
  expect(await (await message).args()[0]?.jsonValue()).toEqual([{ name: "logged", piece: "Unknown", target: "" }]);
});
