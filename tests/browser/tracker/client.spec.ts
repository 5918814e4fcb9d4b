// The tracker under a client library that real sites use.
import { build } from "esbuild";
import { expect, isPageView, test } from "./site";

test("@jonkoops/matomo-tracker finds all it needs", async ({ page, site }) => {
  const bundle = await build({
    stdin: {
      contents: `import MatomoTracker from "@jonkoops/matomo-tracker"; window.MatomoTracker = MatomoTracker;`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: "iife",
    write: false,
  });
  site.pages.set("/client.js", bundle.outputFiles[0]?.text ?? "");
  site.pages.set(
    "/",
    `<!doctype html><title>Client</title><script src="/client.js"></script><script>
      var tracker = new (MatomoTracker.default || MatomoTracker)({
        urlBase: "${site.url("/")}", siteId: 3, userId: "U-1", disabled: false,
        heartBeat: { active: true, seconds: 10 }, linkTracking: true,
        configurations: { disableCookies: true, setRequestMethod: "POST" },
      });
      tracker.trackPageView({ documentTitle: "From the client", customDimensions: [{ id: 2, value: "two" }] });
      tracker.trackEvent({ category: "cat", action: "act", name: "name", value: 12 });
      tracker.trackSiteSearch({ keyword: "word", category: "blog", count: 4 });
      tracker.trackLink({ href: "https://link.example/" });
      tracker.addEcommerceItem({ sku: "s1", productName: "Cup", productCategory: "Kitchen", productPrice: 5, productQuantity: 2 });
      tracker.trackEcommerceOrder({ orderId: "o1", orderRevenue: 10, orderSubTotal: 9, taxAmount: 1, shippingCost: 0, discountOffered: false });
    </script>`,
  );
  await page.goto(site.url());
  const hits = await site.wait(5);
  expect(hits.every((hit) => hit.method === "POST" && hit.params.idsite === "3" && hit.params.uid === "U-1")).toBe(
    true,
  );
  const find = (name: string): Record<string, string> | undefined => hits.find((hit) => hit.params[name])?.params;
  expect(hits.find(isPageView)?.params).toMatchObject({
    action_name: "From the client",
    url: site.url("/"),
    dimension2: "two",
  });
  expect(find("e_c")).toMatchObject({ e_c: "cat", e_a: "act", e_n: "name", e_v: "12" });
  expect(find("search")).toMatchObject({ search: "word", search_cat: "blog", search_count: "4" });
  expect(find("link")).toMatchObject({ link: "https://link.example/" });
  expect(find("ec_id")).toMatchObject({
    ec_id: "o1",
    revenue: "10",
    idgoal: "0",
    ec_items: '[["s1","Cup","Kitchen",5,2]]',
  });
  expect(find("ec_id")).not.toHaveProperty("ec_dt");
});
