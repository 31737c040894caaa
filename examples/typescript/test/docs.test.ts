// The code in the documentation: all of it has right types, servers among it take an event,
// and tests among it pass.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { listening } from "./ports.js";
import { freePort, start } from "./programs.js";
import { event, SECRET, send } from "./requests.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const cwd = fileURLToPath(new URL("..", import.meta.url));
const pages = ["docs/receiving/typescript.md", "receivers/typescript/README.md"];

// Beneath the examples, so that it finds their packages.
mkdirSync(join(cwd, "test/.docs"), { recursive: true });
const folder = mkdtempSync(join(cwd, "test/.docs/"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const blocks = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  const found = [...text.matchAll(/^```typescript\n(.*?)^```$/gms)];
  return found.map(([, code = ""], n) => ({ name: `${page}, block ${n + 1}`, code }));
});

function write(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  return file;
}

/** The server of the documentation, but for this machine alone: in the words of each framework. */
function onLoopback(code: string, port: number): string {
  const host = '"127.0.0.1"';
  return code
    .replace("listen(3000)", `listen(${port}, ${host})`)
    .replace("port: 3000", `port: ${port}, host: ${host}, hostname: ${host}`);
}

test("every block of code has right types", async () => {
  assert.ok(blocks.length >= 12, String(blocks.length));
  const checked = join(folder, "types");
  mkdirSync(checked);
  for (const [n, { code }] of blocks.entries()) write(`types/block-${n}.ts`, code);
  write("types/tsconfig.json", '{ "extends": "../../../../tsconfig.json", "include": ["*.ts"] }');
  await run("node_modules/.bin/tsc", ["-p", checked], { cwd }).catch(({ stdout }) =>
    assert.fail(stdout),
  );
});

for (const [n, { name, code }] of blocks.entries()) {
  if (code.includes("3000")) {
    test(`${name}: the server takes an event`, async (t) => {
      const port = await freePort();
      const file = write(`server-${n}.mts`, onLoopback(code, port));
      const env = { ...process.env, WEBHOOK_SECRETS: SECRET };
      const program = start(t, ["node", "--import", "tsx", file], { cwd, env });
      await listening(port, program);
      const deposit = event("deposit.completed");
      const url = `http://127.0.0.1:${port}/webhooks`;
      assert.equal((await send(url, deposit)).status, 204);
      const forged = await send(url, { ...deposit, body: `${deposit.body} ` });
      assert.equal(forged.status, 401);
    });
  } else if (code.includes("node:test")) {
    test(`${name}: the test passes`, async () => {
      const file = write(`test-${n}.mts`, code);
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const { stdout } = await run("node", ["--import", "tsx", "--test", file], { cwd, env });
      assert.match(stdout, /^# pass 1$/m);
    });
  }
}
