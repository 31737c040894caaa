// The platform's own events (samples/events): each is read, and a map of types tells them apart.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type EventOf, verify } from "waxwing-receiver";
import { SECRET, signed } from "./requests.js";

interface Events {
  readonly "deposit.completed": { readonly amount: number; readonly currency: string };
  readonly "customer.kyc.rejected": { readonly rejection_reasons: readonly string[] };
  readonly "card.transaction.failed": {
    readonly amount: number;
    readonly merchant: { readonly name: string; readonly city: string };
    readonly failure_reason: "insufficient_funds" | "card_frozen";
  };
}

const samples = new URL("../../../samples/events/", import.meta.url);

/** The request body of a sample: the envelope around its data, byte for byte. */
function envelope(file: string): string {
  const text = readFileSync(new URL(file, samples), "utf8");
  const { type }: { type: string } = JSON.parse(text);
  const data = text.slice(text.indexOf('"data":') + '"data":'.length, text.lastIndexOf("}")).trim();
  return `{"id":"evt_1","type":"${type}","created_at":"2026-03-26T10:00:00.000Z","data":${data}}`;
}

test("every sample is read as it is", async () => {
  const files = readdirSync(samples);
  assert.ok(files.length > 20, `${files.length} samples`);
  for (const file of files) {
    const body = envelope(file);
    const event = await verify(body, signed(body), SECRET);
    assert.equal(`${event.type}.json`, file);
    assert.deepEqual(event, JSON.parse(body));
  }
});

function describe(event: EventOf<Events>): string {
  switch (event.type) {
    case "deposit.completed":
      return `${event.data.amount.toFixed(2)} ${event.data.currency}`;
    case "customer.kyc.rejected":
      return event.data.rejection_reasons.join("; ");
    case "card.transaction.failed":
      return `${event.data.failure_reason} at ${event.data.merchant.name}`;
  }
}

test("the type of an event tells what its data is", async () => {
  const described: Record<keyof Events, string> = {
    "deposit.completed": "1250.10 MXN",
    "customer.kyc.rejected": "The document has expired; The selfie does not match the document",
    "card.transaction.failed": "insufficient_funds at Café Central",
  };
  for (const [type, text] of Object.entries(described)) {
    const body = envelope(`${type}.json`);
    assert.equal(describe(await verify<Events>(body, signed(body), SECRET)), text);
  }
});
