// A receiver on Workers: verify, remember the id, answer, and work afterwards.

import { type EventOf, MemorySeen } from "waxwing-receiver";
import { webhooks } from "waxwing-receiver/web";

interface Events {
  "deposit.completed": { id: string; amount: number; currency: string };
  "card.created": { card_id: string; last_four: string };
}

/** What the configuration binds. */
interface Env {
  WEBHOOK_SECRETS: string;
}

interface Context {
  waitUntil(work: Promise<unknown>): void;
}

async function work(event: EventOf<Events>): Promise<void> {
  if (event.type === "deposit.completed") {
    console.warn(`got ${event.data.amount} ${event.data.currency}`);
  }
  console.log(`done ${event.id} ${event.type}`);
}

const receive = webhooks<Events, [Env, Context]>(
  // One isolate's memory. For many of them: a Durable Object, or a unique key in D1.
  { secrets: (_request, env) => env.WEBHOOK_SECRETS.split(" "), seen: new MemorySeen() },
  (event, _request, _env, context) =>
    context.waitUntil(work(event).catch((error) => console.error(event.id, error))),
);

export default {
  fetch: (request: Request, env: Env, context: Context): Response | Promise<Response> =>
    new URL(request.url).pathname === "/webhooks"
      ? receive(request, env, context)
      : new Response("not found", { status: 404 }),
};
