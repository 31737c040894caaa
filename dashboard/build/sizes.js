// What the built page weighs when it is sent, compressed: all of it, and what a first look at a
// webhook's page needs. Fails above the bound.
import console from "node:console";
import process from "node:process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Bytes of all files together, compressed by gzip. */
const BOUND = 250_000;

const folder = process.argv[2] ?? "../crates/waxwing-api/dashboard";
const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
);
const sizes = files
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path, bytes: gzipSync(readFileSync(path), { level: 9 }).length }))
  .sort((a, b) => b.bytes - a.bytes);
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
for (const { path, bytes } of sizes) console.log(String(bytes).padStart(8), path);
console.log(String(total).padStart(8), `all ${sizes.length} files, of ${BOUND}`);
process.exit(total <= BOUND ? 0 : 1);
