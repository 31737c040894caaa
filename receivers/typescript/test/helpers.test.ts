// What holds for the helper of every framework.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { MemorySeen, type WebhookEvent } from "waxwing-receiver";
import { eventBody, SECRET, signed } from "./requests.js";
import { type Start, servers } from "./servers.js";

const body = eventBody("evt_1");

for (const [name, start] of Object.entries(servers)) {
  test(`${name}: a genuine event is handled and answered 204`, async (t) => {
    const events: WebhookEvent[] = [];
    const send = await start(t, { secrets: SECRET }, (event) => events.push(event));
    const answer = await send(body, signed(body));
    assert.deepEqual([answer.status, await answer.text()], [204, ""]);
    assert.deepEqual(events, [JSON.parse(body)]);
  });

  test(`${name}: the content type does not matter`, async (t) => {
    const send = await start(t, { secrets: SECRET }, () => {});
    for (const type of ["text/plain", "application/octet-stream", "multipart/form-data"]) {
      const answer = await send(body, { ...signed(body), "content-type": type });
      assert.equal(answer.status, 204, type);
    }
    const { "content-type": _, ...untyped } = signed(body);
    assert.equal((await send(Buffer.from(body), untyped)).status, 204);
  });

  test(`${name}: a forged request is answered with its reason and not handled`, async (t) => {
    const refused: string[] = [];
    const onRefused = ({ reason }: { reason: string }) => refused.push(reason);
    const send = await start(t, { secrets: SECRET, onRefused }, () => assert.fail("handled"));
    const answer = await send(`${body} `, signed(body));
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
    const { reason, detail } = (await answer.json()) as Record<string, string>;
    assert.equal(reason, "no_matching_signature");
    assert.match(detail ?? "", /^No secret made this signature/);
    assert.deepEqual(refused, ["no_matching_signature"]);
  });

  test(`${name}: a request without body or headers is refused`, async (t) => {
    const send = await start(t, { secrets: SECRET }, () => assert.fail("handled"));
    const answer = await send(undefined);
    assert.equal(answer.status, 401);
    assert.equal(((await answer.json()) as { reason: string }).reason, "missing_header");
  });

  test(`${name}: a duplicate is answered 200 and not handled again`, async (t) => {
    let handled = 0;
    const options = { secrets: SECRET, seen: new MemorySeen() };
    const send = await start(t, options, () => {
      handled += 1;
    });
    assert.equal((await send(body, signed(body))).status, 204);
    const again = await send(body, signed(body));
    assert.deepEqual([again.status, await again.text()], [200, "duplicate"]);
    assert.equal(handled, 1);
  });

  test(`${name}: of many at once one is handled`, async (t) => {
    let handled = 0;
    const options = { secrets: SECRET, seen: new MemorySeen() };
    const send = await start(t, options, () => {
      handled += 1;
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(body, signed(body))));
    assert.equal(answers.filter(({ status }) => status === 204).length, 1);
    assert.equal(answers.filter(({ status }) => status === 200).length, 19);
    assert.equal(handled, 1);
  });

  test(`${name}: a failure is answered 500, and the retry is handled`, async (t) => {
    let handled = 0;
    const options = { secrets: SECRET, seen: new MemorySeen() };
    const send = await start(t, options, async () => {
      handled += 1;
      if (handled === 1) throw new Error("the disk is full");
    });
    assert.equal((await send(body, signed(body))).status, 500);
    assert.equal((await send(body, signed(body))).status, 204);
    assert.equal(handled, 2);
  });

  test(`${name}: an event that cannot be forgotten is an error that says so`, async (t) => {
    const seen = { seen: () => false, forget: () => Promise.reject(new Error("no connection")) };
    const send = await start(t, { secrets: SECRET, seen }, () => assert.fail("the disk is full"));
    const answer = await send(body, signed(body));
    assert.equal(answer.status, 500);
    assert.match(await answer.text(), /evt_1 could not be forgotten: its retry will be taken for/);
  });

  test(`${name}: an error of what remembers ids is answered 500`, async (t) => {
    const seen = { seen: () => Promise.reject(new Error("no connection")), forget: () => {} };
    const send = await start(t, { secrets: SECRET, seen }, () => assert.fail("handled"));
    assert.equal((await send(body, signed(body))).status, 500);
  });

  test(`${name}: a body may have maxBody bytes and not one more`, async (t) => {
    const send = await start(t, { secrets: SECRET, maxBody: body.length }, () => {});
    assert.equal((await send(body, signed(body))).status, 204);
    for (const larger of [`${body} `, inParts(body, " "), inParts(body, " ".repeat(100_000))]) {
      const answer = await send(larger, signed(body));
      assert.equal(answer.status, 413);
      assert.equal(((await answer.json()) as { reason: string }).reason, "body_too_large");
    }
    assert.equal((await send(inParts(body), signed(body))).status, 204);
  });

  test(`${name}: secrets of a function are asked for with each request`, async (t) => {
    let secrets = ["whsec_b3RoZXIgc2VjcmV0IQ=="];
    const send = await start(t, { secrets: async () => secrets }, () => {});
    assert.equal((await send(body, signed(body))).status, 401);
    secrets = [...secrets, SECRET];
    assert.equal((await send(body, signed(body))).status, 204);
    secrets = [];
    const answer = await send(body, signed(body));
    assert.equal(answer.status, 500);
    assert.equal(((await answer.json()) as { reason: string }).reason, "invalid_secret");
  });

  test(`${name}: the plain scheme is taken where it was chosen`, async (t) => {
    const send = await start(t, { secrets: SECRET, scheme: "plain" }, () => {});
    const hex = createHmac("sha256", SECRET).update(body).digest("hex");
    assert.equal((await send(body, { "X-Webhook-Signature": hex })).status, 204);
    assert.equal((await send(body, signed(body))).status, 401);
  });

  test(`${name}: a receiver that could not verify does not start`, async (t) => {
    const unset = process.env.NOBODY_SETS_THIS as string;
    for (const secrets of [unset, "", [], [SECRET, "short"]]) {
      await assert.rejects(begin(start, t, { secrets }), { reason: "invalid_secret" });
    }
    for (const maxBody of [0, -1, 0.5, Number.NaN]) {
      await assert.rejects(begin(start, t, { secrets: SECRET, maxBody }), RangeError);
    }
    await assert.rejects(begin(start, t, { secrets: SECRET, tolerance: -1 }), RangeError);
  });
}

async function begin(start: Start, ...[test, options]: Partial<Parameters<Start>>) {
  await start(test as Parameters<Start>[0], options as Parameters<Start>[1], () => {});
}

/** A body whose length nobody knows before its end. */
function inParts(...parts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(Buffer.from(part));
      controller.close();
    },
  });
}
