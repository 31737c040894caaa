// Not our library: the verification of the documentation that the service comes from. What
// the server sends must go on working with it. It does not tell duplicates.

import { createHmac, timingSafeEqual } from "node:crypto";
import express from "express";

const secrets = process.env.WEBHOOK_SECRETS?.split(" ");
if (!secrets) throw new Error("set WEBHOOK_SECRETS to the secret of the webhook");

function isGenuine(body: Buffer, signature: string, secret: string): boolean {
  const expected = Buffer.from(createHmac("sha256", secret).update(body).digest("hex"));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const app = express();
app.post("/webhooks", express.raw({ type: "application/json" }), (request, response) => {
  const signature = request.get("X-Webhook-Signature") ?? "";
  if (!secrets.some((secret) => isGenuine(request.body, signature, secret))) {
    response.status(401).send("the signature does not match");
    return;
  }
  const event = JSON.parse(request.body.toString());
  console.log(`done ${event.id} ${event.type}`);
  response.sendStatus(204);
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
process.once("SIGTERM", () => server.close());
