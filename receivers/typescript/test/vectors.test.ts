// Every vector that all libraries share: by both forms of the package, on both implementations
// of the cryptography, with the headers in each of the forms that frameworks have.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { REASONS, type Scheme, VerificationError, verify } from "waxwing-receiver";
import { primitives } from "../dist/esm/crypto/web.js";
import { type Verify, verifyWith } from "../dist/esm/verify.js";

interface Vector {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly now: number;
  readonly tolerance?: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly body_base64?: string;
  readonly expect: { readonly event?: Record<string, string>; readonly error?: string };
}

const commonJs: typeof import("waxwing-receiver") = createRequire(import.meta.url)(
  "waxwing-receiver",
);
const implementations = {
  "import, node:crypto": verify,
  "require, node:crypto": commonJs.verify,
  "import, Web Crypto": verifyWith(primitives),
};

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), "utf8"));
}

const forms = { pairs: (vector: Vector) => vector.headers, lists, joined };

/** As Node has them where it keeps all values. */
function lists({ headers }: Vector): Record<string, string[]> {
  const record: Record<string, string[]> = {};
  for (const [name, value] of headers) record[name] = [...(record[name] ?? []), value];
  return record;
}

/** As Request has them: lowercase, and joined with commas. */
function joined({ headers }: Vector): Headers {
  return new Headers(headers.map(([name, value]) => [name, value]));
}

async function outcome(verify: Verify, scheme: Scheme, vector: Vector, form: keyof typeof forms) {
  const { body, body_base64, secrets, now, tolerance } = vector;
  const bytes = body_base64 === undefined ? (body ?? "") : Buffer.from(body_base64, "base64");
  try {
    const options = { scheme, now, tolerance };
    const event = await verify(bytes, forms[form](vector), secrets, options);
    return { event: { created_at: event.created_at, id: event.id, type: event.type } };
  } catch (error) {
    const isOurs =
      error instanceof VerificationError || error instanceof commonJs.VerificationError;
    assert.ok(isOurs, String(error));
    for (const secret of secrets) {
      if (secret !== "") assert.ok(!error.message.includes(secret), "the error tells a secret");
    }
    return { error: error.reason };
  }
}

for (const file of ["standard", "signing-key", "plain"]) {
  const { scheme, vectors } = read<{ scheme: Scheme; vectors: Vector[] }>(file);
  for (const [implementation, verify] of Object.entries(implementations)) {
    for (const vector of vectors) {
      test(`${file}, ${implementation}: ${vector.name}`, async () => {
        for (const form of Object.keys(forms) as (keyof typeof forms)[]) {
          assert.deepEqual(await outcome(verify, scheme, vector, form), vector.expect, form);
        }
      });
    }
  }
}

test("the reasons and their statuses are those of every library", () => {
  const { reasons } = read<{ reasons: { reason: string; status: number }[] }>("reasons");
  const shared = Object.fromEntries(reasons.map(({ reason, status }) => [reason, status]));
  assert.deepEqual({ ...REASONS }, shared);
});
