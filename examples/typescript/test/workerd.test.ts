// The shared vectors in a runtime that is not Node.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { freePort, start } from "./programs.js";

/** The program itself: the package's own command would start it as a child. */
const workerd: { default: string } = createRequire(import.meta.url)("workerd");

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "vectors", worker = (
    modules = [(name = "worker", esModule = embed "worker.js")],
    compatibilityDate = "2026-11-01",
  ))],
  sockets = [(name = "http", http = (), service = "vectors")],
);`;

async function runtime(t: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "waxwing-workerd-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: [fileURLToPath(new URL("vectors.worker.ts", import.meta.url))],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker"],
  });
  const config = join(folder, "config.capnp");
  writeFileSync(config, CONFIG);
  const port = await freePort();
  const address = `http=127.0.0.1:${port}`;
  const options = ["--socket-addr", address, "--control-fd=1"];
  const program = start(t, [workerd.default, "serve", config, ...options]);
  await program.line(/"event":"listen"/);
  return `http://127.0.0.1:${port}/`;
}

test("workerd: every vector holds", async (t) => {
  const url = await runtime(t);
  for (const name of ["standard", "signing-key", "plain"]) {
    const vectors = new URL(`../../../receivers/vectors/${name}.json`, import.meta.url);
    const body = readFileSync(vectors);
    const headers = { connection: "close" };
    const answer = await fetch(url, { method: "POST", body, headers });
    const { failed, checked } = (await answer.json()) as { failed: string[]; checked: number };
    assert.deepEqual(failed, [], name);
    assert.ok(checked > 20, `${name}: ${checked}`);
  }
});
