// What the compiler must know, and must refuse. Nothing here runs: it is checked by tsc,
// which also complains about each @ts-expect-error that has no error below it.

import type { FastifyInstance } from "fastify";
import { type EventOf, verify, type WebhookEvent } from "waxwing-receiver";
import { webhooks as forExpress } from "waxwing-receiver/express";
import { webhooks as forFastify } from "waxwing-receiver/fastify";
import { webhooks as forWeb } from "waxwing-receiver/web";

interface Deposit {
  readonly id: string;
  readonly amount: number;
}

interface Card {
  readonly card_id: string;
}

interface Events {
  readonly "deposit.completed": Deposit;
  readonly "deposit.created": Deposit;
  readonly "card.created": Card;
}

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<Claim extends true>(claim?: Claim): Claim | undefined {
  return claim;
}

export async function typesOfEvents(body: Uint8Array): Promise<void> {
  const any = await verify(body, {}, "secret");
  holds<Same<typeof any, WebhookEvent<string, unknown>>>();

  const event = await verify<Events>(body, {}, "secret");
  holds<Same<typeof event, EventOf<Events>>>();
  holds<Same<typeof event.type, keyof Events>>();
  holds<Same<typeof event.created_at, string>>();
  switch (event.type) {
    case "deposit.completed":
    case "deposit.created":
      holds<Same<typeof event.data, Deposit>>();
      // @ts-expect-error: cards have this, deposits do not
      event.data.card_id;
      break;
    case "card.created":
      holds<Same<typeof event.data, Card>>();
      break;
    // @ts-expect-error: not a type of the map
    case "card.creatd":
      break;
    default:
      holds<Same<typeof event, never>>();
  }
  // @ts-expect-error: which event it is has to be asked first
  event.data.amount;
  // @ts-expect-error: events are not changed
  event.id = "evt_2";
}

export async function kindsOfArguments(request: Request, node: NodeJS.Dict<string | string[]>) {
  await verify(await request.arrayBuffer(), request.headers, ["one", "two"]);
  await verify("text", node, "secret", { scheme: "plain" });
  await verify("text", new Map([["name", "value"]]), "secret", { tolerance: undefined });
  // @ts-expect-error: what a JSON parser gave
  await verify({ id: "evt_1" }, {}, "secret");
  // @ts-expect-error: a variable that may not be set
  await verify("text", {}, process.env.WEBHOOK_SECRET);
  // @ts-expect-error: no such scheme
  await verify("text", {}, "secret", { scheme: "v1" });
  // @ts-expect-error: no such option
  await verify("text", {}, "secret", { tolerence: 5 });
}

export function helpers(app: FastifyInstance): void {
  forExpress<Events>({ secrets: "secret" }, (event, request) => {
    holds<Same<typeof event, EventOf<Events>>>();
    holds<Same<typeof request.method, string | undefined>>();
  });
  app.register(
    forFastify<Events>({ secrets: "secret" }, (event, request) => {
      holds<Same<typeof event, EventOf<Events>>>();
      request.log.info(event.id);
    }),
  );
  const receive = forWeb<Events, [number]>({ secrets: (_request, n) => String(n) }, (event) => {
    holds<Same<typeof event, EventOf<Events>>>();
  });
  holds<Same<ReturnType<typeof receive>, Promise<Response>>>();
  // @ts-expect-error: the number is missing
  receive(new Request("http://localhost"));
  // @ts-expect-error: without secrets nothing can be verified
  forExpress({}, () => {});
}
