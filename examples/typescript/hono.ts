// A receiver on Hono: verify, remember the id, answer, and work afterwards.

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { type EventOf, MemorySeen } from "waxwing-receiver";
import { webhooks } from "waxwing-receiver/web";

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

const receive = webhooks<Events>({ secrets, seen: new MemorySeen() }, (event) => {
  // After the answer. What a crash must not lose belongs into a table first: postgres.ts.
  setImmediate(() => work(event).catch((error) => console.error(event.id, error)));
});

const app = new Hono();
app.post("/webhooks", (c) => receive(c.req.raw));

const port = Number(process.env.PORT ?? 3000);
const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
process.once("SIGTERM", () => server.close());
