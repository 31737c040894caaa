// Verifies the webhooks that Waxwing sends. For frameworks there are helpers beside this one:
// waxwing-receiver/express, /fastify and /web.

import { primitives } from "#crypto";
import { type Verify, verifyWith } from "./verify.js";

export type { Body } from "./body.js";
export { REASONS, type Reason, VerificationError } from "./error.js";
export type { AnyEvents, EventOf, WebhookEvent } from "./event.js";
export type { HeadersLike } from "./headers.js";
export type { Scheme, VerifyOptions } from "./options.js";
export type { Secrets } from "./secrets.js";
export { MemorySeen, type MemorySeenOptions, type Seen } from "./seen.js";

/**
 * The event that a request carries, if one of the secrets signed it; else a `VerificationError`.
 * `body` is the raw body: the bytes that came, before any parser.
 *
 * `const event = await verify(body, request.headers, secrets)`
 */
export const verify: Verify = verifyWith(primitives);
