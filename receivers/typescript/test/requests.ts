// Genuine requests for the tests, signed by code that shares nothing with the library.

import { createHmac } from "node:crypto";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const NOW = 1_774_519_200;
const KEY = Buffer.from(SECRET.slice("whsec_".length), "base64");

/** The body of an event. */
export function eventBody(id: string, data: unknown = { amount: 250 }): string {
  const type = "deposit.completed";
  return JSON.stringify({ id, type, created_at: "2026-03-26T10:00:00.000Z", data });
}

/** The headers of scheme `standard` for these bytes, signed at this second. */
export function signed(
  body: string | Uint8Array,
  { id = "evt_1", now = Math.floor(Date.now() / 1000) } = {},
): Record<string, string> {
  const signature = createHmac("sha256", KEY).update(`${id}.${now}.`).update(body).digest("base64");
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(now),
    "webhook-signature": `v1,${signature}`,
  };
}
