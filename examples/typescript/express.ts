// A receiver on Express: verify, remember the id, answer, and work afterwards.

import express from "express";
import { type EventOf, MemorySeen } from "waxwing-receiver";
import { webhooks } from "waxwing-receiver/express";

interface Events {
  "deposit.completed": { id: string; amount: number; currency: string };
  "card.created": { card_id: string; last_four: string };
}

const secrets = process.env.WEBHOOK_SECRETS?.split(" ");
if (!secrets) throw new Error("set WEBHOOK_SECRETS to the secret of the webhook");

async function work(event: EventOf<Events>): Promise<void> {
  if (event.type === "deposit.completed") {
    console.error(`got ${event.data.amount} ${event.data.currency}`);
  }
  console.log(`done ${event.id} ${event.type}`);
}

const app = express();
app.post(
  "/webhooks",
  webhooks<Events>({ secrets, seen: new MemorySeen() }, (event) => {
    // After the answer. What a crash must not lose belongs into a table first: postgres.ts.
    setImmediate(() => work(event).catch((error) => console.error(event.id, error)));
  }),
);
// Routes with a JSON parser come after this one, which needs the raw body.
app.use(express.json());

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
process.once("SIGTERM", () => server.close());
