// Not our library: a receiver with the official package of Standard Webhooks, as many have it
// today. What the server sends must go on working with it. It does not tell duplicates.

import express from "express";
import { Webhook } from "standardwebhooks";

const secrets = process.env.WEBHOOK_SECRETS?.split(" ");
if (!secrets) throw new Error("set WEBHOOK_SECRETS to the secret of the webhook");
const webhooks = secrets.map((secret) => new Webhook(secret));

/** The event, if one of the secrets signed it; else the last error of the package. */
function verify(body: Buffer, headers: Record<string, string>): { id: string; type: string } {
  let failure: unknown;
  for (const webhook of webhooks) {
    try {
      return webhook.verify(body, headers) as { id: string; type: string };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const app = express();
app.post("/webhooks", express.raw({ type: "application/json" }), (request, response) => {
  try {
    const event = verify(request.body, request.headers as Record<string, string>);
    console.log(`done ${event.id} ${event.type}`);
    response.sendStatus(204);
  } catch (error) {
    response.status(401).send(String(error));
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
process.once("SIGTERM", () => server.close());
