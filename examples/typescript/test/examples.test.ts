// Each example as it is started: it verifies, acts once, works afterwards, and ends when asked.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { listening } from "./ports.js";
import { freePort, start } from "./programs.js";
import { event, SECRET, send } from "./requests.js";

interface Receiver {
  readonly name: string;
  readonly command: readonly string[];
  readonly url_path: string;
  readonly deduplicates?: boolean;
}

const cwd = new URL("..", import.meta.url);
const { receivers }: { receivers: Receiver[] } = JSON.parse(
  readFileSync(new URL("contract.json", cwd), "utf8"),
);
const LONGEST_EXAMPLE = 40;

/** Nothing but what the contract promises. */
function environment(more: Record<string, string>): NodeJS.Dict<string> {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, ...more };
}

async function run(t: TestContext, { command, url_path }: Receiver) {
  const port = await freePort();
  const env = environment({ PORT: String(port), WEBHOOK_SECRETS: `${"x".repeat(20)} ${SECRET}` });
  const program = start(t, command, { cwd, env });
  await listening(port, program);
  return { program, url: `http://127.0.0.1:${port}${url_path}` };
}

for (const receiver of receivers) {
  const { name, command, deduplicates = true } = receiver;

  test(`${name}: verifies, acts ${deduplicates ? "once" : "each time"}, and ends`, async (t) => {
    const { program, url } = await run(t, receiver);
    const deposit = event("deposit.completed", { id: "dep_1", amount: 250, currency: "USD" });
    const other = event("webhook.test");

    assert.equal((await send(url, deposit)).status, 204);
    await program.line(new RegExp(`^done ${deposit.id} deposit.completed$`));
    const again = await send(url, deposit);
    assert.equal(again.status, deduplicates ? 200 : 204);
    const forged = await send(url, { ...other, body: `${other.body} ` });
    assert.equal(forged.status, 401);
    assert.equal((await send(url, other)).status, 204);
    await program.line(new RegExp(`^done ${other.id} webhook.test$`));

    const done = program.lines.filter((line) => line.startsWith("done "));
    const times = deduplicates ? [deposit.id, other.id] : [deposit.id, deposit.id, other.id];
    assert.deepEqual(
      done.map((line) => line.split(" ")[1]),
      times,
    );
    assert.notEqual(await program.end(), "SIGKILL", "it did not end when it was asked to");
  });

  test(`${name}: does not start without secrets, and says so`, async (t) => {
    const env = environment({ PORT: String(await freePort()) });
    const program = start(t, command, { cwd, env });
    assert.notEqual(await program.ended(), 0);
    assert.match(program.lines.join("\n"), /WEBHOOK_SECRETS/);
  });
}

test("an example has forty lines at most", () => {
  const files = ["express.ts", "fastify.ts", "hono.ts", "redis.ts", "postgres.ts"];
  for (const file of [...files, "next/app/webhooks/route.ts", "workers/worker.ts"]) {
    const lines = readFileSync(new URL(file, cwd), "utf8").trimEnd().split("\n").length;
    assert.ok(lines <= LONGEST_EXAMPLE, `${file} has ${lines} lines`);
  }
});
