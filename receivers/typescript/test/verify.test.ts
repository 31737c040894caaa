// What the vectors cannot say: kinds of bodies, options, the texts of errors, and bodies that
// are meant to break a parser.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { type Reason, VerificationError, verify } from "waxwing-receiver";
import { eventBody, NOW, SECRET, signed } from "./requests.js";

const body = eventBody("evt_1");
const headers = signed(body, { now: NOW });
const options = { now: NOW };

/** The error of a verification that has to fail for this reason. */
async function refused(reason: Reason, attempt: Promise<unknown>): Promise<VerificationError> {
  const error = await attempt.then(
    () => assert.fail("the request was taken"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof VerificationError, String(error));
  assert.equal(error.reason, reason, error.message);
  return error;
}

test("every kind of raw bytes is taken, and text as its UTF-8", async () => {
  const text = eventBody("evt_1", { name: "Café Central" });
  const signedText = signed(text, { now: NOW });
  const bytes = Buffer.from(`xx${text}`).subarray(2);
  const copy = new Uint8Array(bytes);
  const foreign = runInNewContext("(bytes) => new Uint8Array(bytes)")(copy);
  for (const form of [text, bytes, copy, copy.buffer, new DataView(copy.buffer), foreign]) {
    const event = await verify(form as Uint8Array, signedText, SECRET, options);
    assert.deepEqual(event.data, { name: "Café Central" });
  }
});

test("what is no raw body is refused with the way out for each framework", async () => {
  for (const parsed of [JSON.parse(body), undefined, null, 5, true, [body]]) {
    const error = await refused("body_not_raw", verify(parsed, headers, SECRET, options));
    assert.equal(error.status, 500);
    for (const word of ["express.raw", "waxwing-receiver/fastify", "arrayBuffer"]) {
      assert.ok(error.message.includes(word), error.message);
    }
    assert.ok(error.message.length < 900, "the log of the sender has room for 1,024 bytes");
  }
});

test("the body counts before secrets, and secrets before headers", async () => {
  await refused("body_not_raw", verify({} as string, {}, [], options));
  await refused("invalid_secret", verify(body, {}, [], options));
});

test("a secret that cannot be one is named by its place and not repeated", async () => {
  const unset: unknown = undefined;
  const wrong: [unknown, RegExp][] = [
    [unset, /^The secret is undefined, not text: is it set\?/],
    ["", /^The secret is empty: is it set\?/],
    ["too-short", /^The secret has 9 characters instead of 16 to 256/],
    [`${SECRET}\n`, /^The secret has a newline at its end/],
    [[SECRET, "pässwörter sind keine"], /^Secret 2 of 2 has characters that are not printable/],
    [[unset, SECRET], /^Secret 1 of 2 is undefined/],
    ["whpk_AAAAAAAAAAAAAAAA", /^The secret begins with whpk_, but is not the base64 of 32 bytes/],
  ];
  for (const [secrets, message] of wrong) {
    const error = await refused(
      "invalid_secret",
      verify(body, headers, secrets as string, options),
    );
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /too-short|MfKQ|pässwörter|whpk_A/);
  }
});

test("spaces are characters of a secret, wherever they stand", async () => {
  const secret = " a secret with spaces around ";
  await refused("no_matching_signature", verify(body, headers, secret, options));
});

test("the error names the header, and the other scheme if its header is there", async () => {
  const { "webhook-timestamp": _, ...untimed } = headers;
  const missing = await refused("missing_header", verify(body, untimed, SECRET, options));
  assert.equal(missing.header, "webhook-timestamp");

  const plain = { ...options, scheme: "plain" } as const;
  const other = await refused("missing_header", verify(body, headers, SECRET, plain));
  assert.equal(other.header, "x-webhook-signature");
  assert.match(other.message, /webhook-id is there, which the scheme "standard" checks/);
});

test("a secret whose base64 has a digit too many signs with its own bytes", async () => {
  const secret = `whsec_${"A".repeat(17)}`;
  const own = createHmac("sha256", secret).update(`evt_1.${NOW}.${body}`).digest("base64");
  const bySecret = { ...headers, "webhook-signature": `v1,${own}` };
  assert.equal((await verify(body, bySecret, secret, options)).id, "evt_1");
});

test("a signature counts for the version that it says, whatever else was given", async () => {
  const publicKey = "whpk_iD8HsGPWTb/Vqqox9QEkVrQo/1RhpblTs6BR6LMp08U=";
  const renamed = headers["webhook-signature"]?.replace("v1,", "v1a,") ?? "";
  const called = { ...headers, "webhook-signature": renamed };
  const attempt = verify(body, called, [SECRET, publicKey], options);
  await refused("no_matching_signature", attempt);
});

test("headers without a value are missing", async () => {
  const absent = { ...headers, "webhook-id": undefined };
  await refused("missing_header", verify(body, absent, SECRET, options));
});

test("an unknown version is named, and what the secret checks", async () => {
  const unknown = { ...headers, "webhook-signature": "v9,AAAA v9,BBBB v10-of-a-distant-day,CC" };
  const error = await refused("unsupported_version", verify(body, unknown, SECRET, options));
  assert.match(error.message, /version "v9", "v10-of-a-dis", but what was given checks v1:/);
});

test("an old request is said to be old, by how much, and that a clock may be off", async () => {
  const late = verify(body, headers, SECRET, { now: NOW + 400 });
  const error = await refused("timestamp_too_old", late);
  assert.match(error.message, /400 s old, and 300 s are tolerated: is this machine's clock ahead/);
  await refused("timestamp_too_new", verify(body, headers, SECRET, { now: NOW - 301 }));
});

test("without options the clock counts", async () => {
  await refused("timestamp_too_old", verify(body, headers, SECRET));
  const event = await verify(body, signed(body), SECRET);
  assert.deepEqual(event, JSON.parse(body));
});

test("wrong options are mistakes of the program", async () => {
  for (const tolerance of [-1, Number.NaN, "300" as unknown as number]) {
    await assert.rejects(verify(body, headers, SECRET, { tolerance }), RangeError);
  }
  await assert.rejects(verify(body, headers, SECRET, { now: Number.NaN }), RangeError);
  const scheme = "v1" as "plain";
  await assert.rejects(verify(body, headers, SECRET, { scheme }), TypeError);
});

test("an endless tolerance takes every time", async () => {
  const endless = { now: 0, tolerance: Number.POSITIVE_INFINITY };
  assert.equal((await verify(body, headers, SECRET, endless)).id, "evt_1");
});

test("another parser keeps what JSON.parse rounds", async () => {
  const exact = eventBody("evt_1").replace("250", "1000000000000000000001");
  const digits = (text: string) => JSON.parse(text.replace(/:\s*(\d{16,})/g, ':"$1"'));
  const event = await verify(exact, signed(exact, { now: NOW }), SECRET, {
    now: NOW,
    parse: digits,
  });
  assert.deepEqual(event.data, { amount: "1000000000000000000001" });
});

const envelope = (data: string) => `{"id":"e","type":"t","created_at":"c","data":${data}}`;

test("no signed body breaks the parser", async () => {
  const deep = 500_000;
  const bodies = [
    "[".repeat(deep),
    envelope(`{"a":`.repeat(deep)),
    envelope("NaN"),
    envelope("1e"),
    `\ufeff${envelope("1")}`,
    Buffer.from(envelope("1"), "utf16le"),
    Buffer.from([...Buffer.from(envelope('"')), 0xed, 0xa0, 0x80, 0x22, 0x7d]),
    '{"__proto__":{"id":"e","type":"t","created_at":"c","data":1}}',
    "",
    " ",
  ];
  for (const hostile of bodies) {
    const error = await refused(
      "not_an_event",
      verify(hostile, signed(hostile, { now: NOW }), SECRET, options),
    );
    assert.equal(error.status, 400);
  }
});

test("odd data is taken as it is", async () => {
  for (const data of [
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    '"\\ud800"',
    "null",
    "1e999",
  ]) {
    const odd = envelope(data);
    const event = await verify(odd, signed(odd, { now: NOW }), SECRET, options);
    assert.equal(event.id, "e");
  }
});

test("members that a parser lets be inherited do not count", async () => {
  const text = '{"__proto__":{"id":"e"},"type":"t","created_at":"c","data":1}';
  const parse = (text: string) => Object.assign(Object.create({ id: "e" }), JSON.parse(text));
  const attempt = verify(text, signed(text, { now: NOW }), SECRET, { now: NOW, parse });
  await refused("not_an_event", attempt);
});

test("an event has its four members and no others", async () => {
  const more = envelope("1").replace("{", '{"more":1,"__proto__":{"x":1},');
  const event = await verify(more, signed(more, { now: NOW }), SECRET, options);
  assert.deepEqual(Object.keys(event), ["id", "type", "created_at", "data"]);
  assert.equal(Object.getPrototypeOf(event), Object.prototype);
});
