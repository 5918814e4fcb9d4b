// Against a running server, whose address TAKWIMU_BASE gives (for instance http://127.0.0.1:8080/). Without it these tests
// are skipped by name. TAKWIMU_SITE is the site to track, 1 unless given.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";

const base = process.env.TAKWIMU_BASE?.replace(/\/*$/, "/");
const siteId = process.env.TAKWIMU_SITE ?? "1";

test.skip(!base, "TAKWIMU_BASE is not set");

for (const name of ["matomo", "piwik"]) {
  test(`the server serves /${name}.js and accepts what it sends to /${name}.php`, async ({ page }) => {
    const answers: { url: string; status: number }[] = [];
    page.on("response", (response) => {
      if (response.url().includes(`${name}.php`)) {
        answers.push({ url: response.url(), status: response.status() });
      }
    });
    const html = `<!doctype html><title>Smoke</title><script>
          var _paq = window._paq = [["disableAlwaysUseSendBeacon"], ["trackPageView"], ["trackEvent", "smoke", "test", "name", 1],
            ["trackSiteSearch", "smoke"], ["trackLink", "https://other.example/", "link"], ["trackContentImpression", "ad", "piece"],
            ["addEcommerceItem", "sku", "Name", "Category", 1, 1], ["trackEcommerceCartUpdate", 1], ["ping"],
            ["queueRequest", "e_c=smoke&e_a=queued&ca=1"],
            ["setTrackerUrl", "${base}${name}.php"], ["setSiteId", "${siteId}"]];
        </script><script src="${base}${name}.js"></script>`;
    const pages = createServer((_, response) => {
      response.writeHead(200, { "Content-Type": "text/html" }).end(html);
    });
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    await expect.poll(() => answers.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(8);
    pages.closeAllConnections();
    pages.close();
    expect(answers.filter(({ status }) => status !== 204 && status !== 200)).toEqual([]);
  });
}
