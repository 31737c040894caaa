// A receiver on Fastify: verify, remember the id, answer, and work afterwards.

import fastify from "fastify";
import { type EventOf, MemorySeen } from "waxwing-receiver";
import { webhooks } from "waxwing-receiver/fastify";

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

const app = fastify();
app.register(
  webhooks<Events>({ secrets, seen: new MemorySeen() }, (event, request) => {
    // After the answer. What a crash must not lose belongs into a table first: postgres.ts.
    setImmediate(() => work(event).catch((error) => request.log.error(error, event.id)));
  }),
  { prefix: "/webhooks" },
);

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 3000) });
process.once("SIGTERM", () => app.close());
