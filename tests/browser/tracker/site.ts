// A web site with the tracker on it, and the server that records what the tracker sends.
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";

const SCRIPT = fileURLToPath(new URL("../../../tracker/dist/matomo.js", import.meta.url));

if (!existsSync(SCRIPT)) {
  throw new Error("tracker/dist/matomo.js is missing: run `npm ci --ignore-scripts && npm run build` in tracker/");
}

/** One tracking request as the server got it; the parts of a bulk request count one by one. */
export interface Hit {
  method: string;
  path: string;
  /** From the URL and the form body together. */
  params: Record<string, string>;
  contentType: string;
  isBulk: boolean;
  /** Number of the HTTP request that it came in. */
  arrival: number;
  hasBody: boolean;
  /** `ping` for a beacon, `empty` for fetch, `image` for an image. */
  destination: string;
}

export type Command = unknown[];

export class Site {
  readonly hits: Hit[] = [];
  readonly pages = new Map<string, string>();
  #server: Server;
  #arrivals = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Site> {
    const server = createServer((request, response) => {
      void site.#answer(request).then(({ status, type, body }) => {
        response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
      });
    });
    const site = new Site(server);
    await new Promise<void>((resolve) => server.listen(0, resolve));
    return site;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Address of a path on one of the site's hosts; Chromium resolves every name under `localhost`. */
  url(path = "/", host = "localhost"): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; type: string; body: string | Buffer }> {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (/\/(matomo|piwik)\.php$/.test(url.pathname)) {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
      this.#record(request, url, Buffer.concat(chunks).toString());
      return { status: 204, type: "image/gif", body: "" };
    }
    if (/^\/(matomo|piwik)\.js$/.test(url.pathname)) {
      return { status: 200, type: "text/javascript", body: readFileSync(SCRIPT) };
    }
    const page = this.pages.get(url.pathname);
    const type = url.pathname.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
    return page === undefined ? { status: 404, type, body: "" } : { status: 200, type, body: page };
  }

  #record(request: IncomingMessage, url: URL, body: string): void {
    const common = {
      arrival: ++this.#arrivals,
      method: request.method ?? "",
      path: url.pathname,
      contentType: request.headers["content-type"] ?? "",
      destination: request.headers["sec-fetch-mode"] === "no-cors" ? String(request.headers["sec-fetch-dest"]) : "",
      hasBody: body !== "",
    };
    if (body.startsWith("{")) {
      const bulk = JSON.parse(body) as { requests: string[]; send_image: unknown };
      expect(bulk.send_image).toBe(0);
      for (const entry of bulk.requests) {
        expect(entry.startsWith("?")).toBe(true);
        this.hits.push({ ...common, isBulk: true, params: Object.fromEntries(new URLSearchParams(entry)) });
      }
      return;
    }
    const params = { ...Object.fromEntries(new URLSearchParams(body)), ...Object.fromEntries(url.searchParams) };
    this.hits.push({ ...common, isBulk: false, params });
  }

  /** Waits until at least so many hits match, then gives all that do. */
  async wait(count: number, matches: (hit: Hit) => boolean = () => true): Promise<Hit[]> {
    await expect.poll(() => this.hits.filter(matches).length, { timeout: 8_000 }).toBeGreaterThanOrEqual(count);
    return this.hits.filter(matches);
  }

  async one(matches: (hit: Hit) => boolean = () => true): Promise<Hit> {
    return (await this.wait(1, matches))[0] as Hit;
  }

  /** A page with the usual asynchronous snippet. Commands may be text to be put into the page as it is (functions). */
  page(path: string, commands: (Command | string)[], options: PageOptions = {}): void {
    const pushes = commands
      .map((command) => `_paq.push(${typeof command === "string" ? command : JSON.stringify(command)});`)
      .join("\n");
    const address = options.withoutAddress
      ? ""
      : `_paq.push(["setTrackerUrl", "${options.trackerUrl ?? "/matomo.php"}"]);
        _paq.push(["setSiteId", "${options.siteId ?? 1}"]);`;
    this.pages.set(
      path,
      `<!doctype html><html><head><title>${options.title ?? "A page"}</title>
      <script>
        var _paq = window._paq = window._paq || [];
        ${options.before ?? ""}
        ${pushes}
        ${address}
        (function () {
          var g = document.createElement("script"), s = document.getElementsByTagName("script")[0];
          g.async = true; g.src = "/matomo.js"; s.parentNode.insertBefore(g, s);
        })();
      </script></head><body>${options.body ?? ""}</body></html>`,
    );
  }
}

export interface PageOptions {
  title?: string;
  body?: string;
  before?: string;
  trackerUrl?: string;
  siteId?: number | string;
  withoutAddress?: boolean;
}

export const test = base.extend<{ site: Site }>({
  // Playwright reads the empty pattern: this fixture needs no other.
  site: async ({}, use) => {
    const site = await Site.start();
    await use(site);
    await site.stop();
  },
});

/** Runs a function with the first tracker, once the script is there. */
export const withTracker = async <Result>(page: Page, body: string): Promise<Result> => {
  await page.waitForFunction(() => (window as any).Matomo?.initialized);
  return page.evaluate(`(function (tracker) { ${body} })(Matomo.getAsyncTracker())`) as Promise<Result>;
};

export const push = async (page: Page, ...commands: Command[]): Promise<void> => {
  await page.waitForFunction(() => (window as any).Matomo?.initialized);
  await page.evaluate((list) => (window as any)._paq.push(...list), commands);
};

export const isPageView = (hit: Hit): boolean => hit.params.action_name !== undefined;
export const isPing = (hit: Hit): boolean => hit.params.ping === "1";

export { expect };
