import { defineConfig } from "@playwright/test";

// The browser is Debian's Chromium, so that nothing is downloaded; TAKWIMU_CHROMIUM names another one.
export default defineConfig({
  testMatch: "**/*.spec.ts",
  timeout: 20_000,
  expect: { timeout: 8_000 },
  fullyParallel: true,
  workers: Number(process.env.TAKWIMU_BROWSER_WORKERS ?? 2),
  forbidOnly: !!process.env.CI,
  reporter: [["list"]],
  use: {
    headless: true,
    launchOptions: {
      executablePath: process.env.TAKWIMU_CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
