// The real program with a data folder of its own, for one test.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../../target", import.meta.url));
const BINARY = process.env.TAKWIMU_BIN ?? join(target, "fast", "takwimu");

if (!existsSync(BINARY)) {
  throw new Error(`${BINARY} is missing: run \`make build\`, or name the program in TAKWIMU_BIN`);
}

export const LOGIN = "boss";
export const PASSWORD = "correct horse battery";

export class Program {
  readonly data = mkdtempSync(join(tmpdir(), "takwimu-browser-"));
  #child: ChildProcess;
  #printed = "";
  base = "";

  private constructor() {
    this.#child = spawn(BINARY, ["serve", "--port", "0", "--data", this.data]);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#printed += chunk.toString();
      });
    }
  }

  static async start(): Promise<Program> {
    const program = new Program();
    const address = await program.#wait(/listening on (http:\S+)\n/);
    program.base = `${address}/`;
    return program;
  }

  async #wait(pattern: RegExp): Promise<string> {
    for (let waited = 0; waited < 30_000; waited += 20) {
      const found = pattern.exec(this.#printed)?.[1];
      if (found !== undefined) {
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`the program did not print ${pattern}: ${this.#printed}`);
  }

  /** The link that the first start prints. */
  setupLink(): Promise<string> {
    return this.#wait(/\n\s+(http\S+\/setup\/\w+)\n/);
  }

  stop(): void {
    this.#child.kill("SIGKILL");
    rmSync(this.data, { recursive: true, force: true });
  }
}

export const test = base.extend<{ program: Program; problems: string[] }>({
  program: async ({}, use) => {
    const program = await Program.start();
    await use(program);
    program.stop();
  },
  // What the browser complains about: scripts that fail, and content that the page's own policy forbids.
  problems: [
    async ({ page }, use) => {
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        // A form that is refused answers with a status that Chromium logs as a failed load.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
          problems.push(message.text());
        }
      });
      await use(problems);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});

/** Makes the superuser and the first site by the printed link. */
export async function setUp(page: Page, program: Program): Promise<void> {
  await page.goto(await program.setupLink());
  await page.getByLabel("Login").fill(LOGIN);
  await page.getByLabel("E-mail address").fill("boss@example.org");
  await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("New password again").fill(PASSWORD);
  await page.getByLabel("Address of the site").fill("https://example.org");
  await page.getByRole("button", { name: "Set up" }).click();
  await expect(page.getByText("Takwimu is set up")).toBeVisible();
}

export { expect };
