// The raw body: the bytes that were signed, and what to say when a parser was faster.

import { VerificationError } from "./error.js";

/** The body as it came. A text stands for its UTF-8 bytes. */
export type Body = Uint8Array | ArrayBuffer | string;

/** How much a helper reads of one body, unless its option `maxBody` says otherwise. */
export const DEFAULT_MAX_BODY = 1024 * 1024;

/** What the signature is over, as every framework has it. */
const WAYS_OUT =
  'Express: no express.json() in front of this route, or express.raw({ type: "application/json" }). ' +
  "Fastify: register waxwing-receiver/fastify. " +
  "Request of the Web (Hono, Next.js, Workers): new Uint8Array(await request.arrayBuffer()).";

/** The bytes of a body, whatever they are kept in. */
export function rawBytes(body: unknown): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  // Not instanceof: test runners and vm have classes of their own.
  if (ArrayBuffer.isView(body))
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (Object.prototype.toString.call(body) === "[object ArrayBuffer]") {
    return new Uint8Array(body as ArrayBuffer);
  }
  throw bodyNotRaw(`The body is ${kind(body)}, not the bytes that came.`, WAYS_OUT);
}

/** What was there instead of the bytes, and how to get them. */
export function bodyNotRaw(what: string, wayOut: string): VerificationError {
  const why =
    "The signature is over the bytes that came; JSON that was parsed and printed again has others.";
  return new VerificationError("body_not_raw", `${what} ${why} Take the raw body. ${wayOut}`);
}

export function bodyTooLarge(maxBody: number): VerificationError {
  const detail = `The body is larger than ${maxBody} bytes. Raise maxBody if the platform sends such events.`;
  return new VerificationError("body_too_large", detail);
}

function kind(body: unknown): string {
  if (body === undefined || body === null) return `${body} (was the stream read already?)`;
  if (typeof body === "object") return "an object (did a JSON parser run before?)";
  return `a ${typeof body}`;
}
