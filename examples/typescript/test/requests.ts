// What the server sends, signed by code that shares nothing with the library.

import { createHmac, randomUUID } from "node:crypto";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const KEY = Buffer.from(SECRET.slice("whsec_".length), "base64");

export interface Sent {
  readonly id: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** An event with an id of its own, signed in both schemes. */
export function event(type: string, data: unknown = {}): Sent {
  const id = `evt_${randomUUID()}`;
  const body = JSON.stringify({ id, type, created_at: new Date().toISOString(), data });
  const now = Math.floor(Date.now() / 1000);
  const standard = createHmac("sha256", KEY).update(`${id}.${now}.${body}`).digest("base64");
  const headers = {
    "content-type": "application/json",
    "x-webhook-signature": createHmac("sha256", SECRET).update(body).digest("hex"),
    "webhook-id": id,
    "webhook-timestamp": String(now),
    "webhook-signature": `v1,${standard}`,
  };
  return { id, body, headers };
}

export function send(url: string, { body, headers }: Sent): Promise<Response> {
  return fetch(url, { method: "POST", body, headers });
}
