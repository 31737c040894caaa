// The verification itself, in the order that every Waxwing library keeps: body, secrets,
// headers, signature, time, event. The time comes after the signature, so that only genuine
// requests are said to be old.

import { type Body, rawBytes } from "./body.js";
import type { Primitives } from "./crypto/primitives.js";
import { VerificationError } from "./error.js";
import { type AnyEvents, type EventOf, parseEvent } from "./event.js";
import { type HeadersLike, plainSignature, standardHeaders } from "./headers.js";
import { type Settings, settle, type VerifyOptions } from "./options.js";
import { type Key, parseSecrets, type Secrets } from "./secrets.js";
import { checkSignatures, plainSignatures, standardSignatures } from "./signature.js";

export type Verify = <Events extends object = AnyEvents>(
  body: Body,
  headers: HeadersLike,
  secrets: Secrets,
  options?: VerifyOptions,
) => Promise<EventOf<Events>>;

/** `verify` on the cryptography of a runtime. */
export function verifyWith(primitives: Primitives): Verify {
  return async <Events extends object>(
    body: Body,
    headers: HeadersLike,
    secrets: Secrets,
    options: VerifyOptions = {},
  ) => {
    const settings = settle(options);
    const bytes = rawBytes(body);
    const keys = parseSecrets(secrets, settings.scheme);
    const check = settings.scheme === "plain" ? checkPlain : checkStandard;
    await check(primitives, bytes, headers, keys, settings);
    // The types of events are the caller's word: it is the platform that signed them.
    return parseEvent(bytes, settings.parse) as EventOf<Events>;
  };
}

async function checkStandard(
  primitives: Primitives,
  body: Uint8Array,
  headers: HeadersLike,
  keys: readonly Key[],
  { now, tolerance }: Settings,
): Promise<void> {
  const { id, timestamp, signatures } = standardHeaders(headers);
  const message = [new TextEncoder().encode(`${id}.${timestamp}.`), body];
  await checkSignatures(primitives, keys, message, standardSignatures(signatures));
  checkTime(Number(timestamp), now, tolerance);
}

async function checkPlain(
  primitives: Primitives,
  body: Uint8Array,
  headers: HeadersLike,
  keys: readonly Key[],
): Promise<void> {
  await checkSignatures(primitives, keys, [body], plainSignatures(plainSignature(headers)));
}

function checkTime(timestamp: number, now: number, tolerance: number): void {
  const age = now - timestamp;
  if (Math.abs(age) <= tolerance) return;
  const [reason, how, clock] =
    age > 0
      ? (["timestamp_too_old", `${age} s old`, "ahead"] as const)
      : (["timestamp_too_new", `${-age} s in the future`, "behind"] as const);
  const detail = `The signature is genuine, but ${how}, and ${tolerance} s are tolerated: is this machine's clock ${clock}?`;
  throw new VerificationError(reason, detail, { header: "webhook-timestamp" });
}
