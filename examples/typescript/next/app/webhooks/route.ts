// A receiver in Next.js (App Router): verify, remember the id, answer, and work afterwards.

import { after } from "next/server";
import { type EventOf, MemorySeen } from "waxwing-receiver";
import { webhooks } from "waxwing-receiver/web";

interface Events {
  "deposit.completed": { id: string; amount: number; currency: string };
  "card.created": { card_id: string; last_four: string };
}

async function work(event: EventOf<Events>): Promise<void> {
  if (event.type === "deposit.completed") {
    console.error(`got ${event.data.amount} ${event.data.currency}`);
  }
  console.log(`done ${event.id} ${event.type}`);
}

// A function, because `next build` loads this file where there are no secrets.
const secrets = () => process.env.WEBHOOK_SECRETS?.split(" ") ?? [];

export const POST = webhooks<Events, [unknown]>(
  { secrets, seen: new MemorySeen() },
  // What a crash must not lose belongs into a table before the answer: postgres.ts.
  (event) => after(() => work(event).catch((error) => console.error(event.id, error))),
);
