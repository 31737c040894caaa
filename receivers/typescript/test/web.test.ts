// Request and Response: bodies that were read before, and what is handed on.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyEvents } from "waxwing-receiver";
import { webhooks } from "waxwing-receiver/web";
import { eventBody, SECRET, signed } from "./requests.js";

const body = eventBody("evt_1");
const genuine = () =>
  new Request("http://localhost/webhooks", { method: "POST", body, headers: signed(body) });

test("a request whose body was read before is explained", async () => {
  const receive = webhooks({ secrets: SECRET }, () => assert.fail("handled"));
  const read = genuine();
  await read.json();
  const locked = genuine();
  locked.body?.getReader();
  for (const request of [read, locked]) {
    const answer = await receive(request);
    assert.equal(answer.status, 500);
    const { reason, detail } = (await answer.json()) as Record<string, string>;
    assert.equal(reason, "body_not_raw");
    assert.match(detail ?? "", /before request\.json\(\)/);
  }
});

test("a clone of a request can be read once more", async () => {
  const request = genuine();
  const answer = await webhooks({ secrets: SECRET }, () => {})(request.clone());
  assert.equal(answer.status, 204);
  assert.deepEqual(await request.json(), JSON.parse(body));
});

test("what is given besides the request goes on to the secrets and the handler", async () => {
  interface Env {
    readonly SECRETS: string;
  }
  const env: Env = { SECRETS: SECRET };
  const given: unknown[] = [];
  const receive = webhooks<AnyEvents, [Env, string]>(
    { secrets: (_request, env) => env.SECRETS.split(" ") },
    ({ id }, request, env, context) => given.push(id, request.url, env, context),
  );
  assert.equal((await receive(genuine(), env, "context")).status, 204);
  assert.deepEqual(given, ["evt_1", "http://localhost/webhooks", env, "context"]);
});

test("the rest of a body that is too large is not read", async () => {
  let canceled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: () => {
      canceled = true;
    },
  });
  const init = { method: "POST", body: endless, headers: signed(body), duplex: "half" } as const;
  const answer = await webhooks({ secrets: SECRET }, () => {})(new Request("http://x/", init));
  assert.equal(answer.status, 413);
  assert.ok(canceled);
});
