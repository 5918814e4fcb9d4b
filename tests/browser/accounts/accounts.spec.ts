import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { expect, LOGIN, PASSWORD, setUp, test } from "./program";

const CALL = "index.php?module=API&method=SitesManager.getSitesIdWithAtLeastViewAccess&format=json";

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("Login or e-mail address").fill(LOGIN);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("set-up, sign-in, a token is made, used and deleted", async ({ page, program, request }) => {
      await setUp(page, program);
      await expect(page.getByText("setTrackerUrl")).toBeVisible();
      await page.getByRole("button", { name: "Sign out" }).click();

      await page.goto(`${program.base}index.php?module=UsersManager&action=userSecurity`);
      await signIn(page);
      await expect(page.getByRole("heading", { name: "Security" })).toBeVisible();
      await page.getByRole("link", { name: "Create new token" }).click();
      await expect(page.getByLabel("Only in POST requests")).toBeChecked();
      await page.getByLabel("Your password").fill("not the password");
      await page.getByLabel("What is it for?").fill("My <b>phone</b>");
      await page.getByRole("button", { name: "Create new token" }).click();
      await expect(page.getByRole("alert")).toHaveText("The password is not right.");
      await page.getByLabel("Your password").fill(PASSWORD);
      await page.getByRole("button", { name: "Create new token" }).click();
      const token = await page.getByLabel("The token").inputValue();
      expect(token).toMatch(/^[0-9a-f]{32}$/);

      const ask = (options: Parameters<typeof request.get>[1]) => request.get(program.base + CALL, options);
      const header = { headers: { Authorization: `Bearer ${token}` } };
      expect(await (await ask(header)).json()).toEqual([1]);
      expect((await ask({ params: { token_auth: token } })).status()).toBe(401);
      const posted = await request.post(program.base + CALL, { form: { token_auth: token } });
      expect(await posted.json()).toEqual([1]);

      await page.getByRole("link", { name: "I have saved it" }).click();
      const row = page.getByRole("row", { name: /My <b>phone<\/b>/ });
      await expect(row).toContainText("yes");
      expect(await page.content()).not.toContain(token);
      await row.getByRole("button", { name: /^Delete/ }).click();
      await expect(page.getByText("You have no tokens.")).toBeVisible();
      expect((await ask(header)).status()).toBe(401);
    });
  });
}

test("the keyboard is enough", async ({ page, program }) => {
  await setUp(page, program);
  await page.context().clearCookies();
  await page.goto(`${program.base}login`);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.type(LOGIN);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Sites", exact: true })).toBeVisible();
});

test("every page fits a phone, by day and by night", async ({ page, program }) => {
  await setUp(page, program);
  await page.setViewportSize({ width: 360, height: 740 });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const path of ["", "?added=1", "security", "new-token", "logout", "opt-out", "index.php?module=Nothing"]) {
      await page.goto(program.base + path);
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(tooWide, path).toBeLessThanOrEqual(0);
    }
  }
});

test("today's visits go on counting on an open page", async ({ page, program, request }) => {
  await page.clock.install();
  await setUp(page, program);
  const figure = page.locator("[data-visits='1']");
  await expect(figure).toHaveText("0");
  const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  const hit = `${program.base}matomo.php?idsite=1&rec=1&url=https%3A%2F%2Fexample.org%2F`;
  expect((await request.get(hit, { headers: { "User-Agent": agent } })).status()).toBe(200);
  await page.clock.runFor(31_000);
  await expect(figure).toHaveText("1");
});

test("the opt-out in a frame of another site, and as a script in its page", async ({ page, program }) => {
  await setUp(page, program);
  const script = `${program.base}index.php?module=CoreAdminHome&action=optOutJS&divId=choice&language=fr`;
  const frame = `${program.base}index.php?module=CoreAdminHome&action=optOut&language=de`;
  const html = `<!doctype html><meta charset="utf-8"><title>Site</title><iframe src="${frame.replaceAll("&", "&amp;")}"></iframe>
    <div id="choice"></div><script src="${script.replaceAll("&", "&amp;")}"></script>`;
  const site = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end(html);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);

  const inside = page.frameLocator("iframe");
  await inside.getByRole("button", { name: "Meine Besuche nicht zählen" }).click();
  await expect(inside.getByRole("button", { name: "Meine Besuche wieder zählen" })).toBeVisible();
  const cookies = await page.context().cookies(program.base);
  expect(cookies.map(({ name, value }) => [name, value])).toContainEqual(["matomo_ignore", "ignore%3D%2A"]);

  await page.getByRole("button", { name: "Ne pas compter mes visites" }).click();
  await expect(page.getByRole("button", { name: "Compter de nouveau mes visites" })).toBeFocused();
  expect(await page.evaluate(() => document.cookie)).toMatch(/mtm_consent_removed=\d+/);
  await page.getByRole("button", { name: "Compter de nouveau mes visites" }).click();
  expect(await page.evaluate(() => document.cookie)).not.toContain("mtm_consent_removed");
  site.closeAllConnections();
  site.close();
});
