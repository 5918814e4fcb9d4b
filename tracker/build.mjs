// Builds dist/matomo.js, one script for every browser since 2017, and tells its size.
// With --check-size it fails above the budget.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const MAX_BYTES = 30_000;
const MAX_GZIP_BYTES = 11_000;

const root = dirname(fileURLToPath(import.meta.url));
const output = join(root, "dist", "matomo.js");

// Private names end in "_": that alone decides what may be shortened, so public names can never be.
const bundle = await build({
  entryPoints: [join(root, "src", "main.ts")],
  bundle: true,
  format: "iife",
  target: "es2017",
  minify: true,
  mangleProps: /[a-z]_$/,
  legalComments: "none",
  write: false,
});
const { code } = await minify(bundle.outputFiles[0].text, {
  ecma: 2017,
  compress: { passes: 3, unsafe_arrows: true, pure_getters: true, booleans_as_integers: false },
  mangle: true,
  format: { preamble: "/* Takwimu tracker. MIT OR Apache-2.0 */" },
});
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, `${code}\n`);

const bytes = readFileSync(output);
const gzipBytes = gzipSync(bytes, { level: 9 }).length;
console.log(
  `dist/matomo.js: ${bytes.length} bytes (at most ${MAX_BYTES}), gzip ${gzipBytes} (at most ${MAX_GZIP_BYTES})`,
);
if (process.argv.includes("--check-size") && (bytes.length > MAX_BYTES || gzipBytes > MAX_GZIP_BYTES)) {
  console.error("The tracker has outgrown its budget.");
  process.exit(1);
}
