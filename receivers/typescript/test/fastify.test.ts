// Fastify: the plugin keeps to itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import fastify, { type FastifyRequest } from "fastify";
import { webhooks } from "waxwing-receiver/fastify";
import { eventBody, SECRET, signed } from "./requests.js";

const body = eventBody("evt_1");
const request = { method: "POST", url: "/webhooks", headers: signed(body), payload: body } as const;

test("the rest of the server goes on parsing JSON", async () => {
  const app = fastify();
  app.register(
    webhooks({ secrets: SECRET }, () => {}),
    { prefix: "/webhooks" },
  );
  app.post("/other", async ({ body }) => body);
  assert.equal((await app.inject(request)).statusCode, 204);
  const other = await app.inject({ ...request, url: "/other" });
  assert.deepEqual(other.json(), JSON.parse(body));
});

test("two receivers with secrets of their own live beside each other", async () => {
  const app = fastify();
  app.register(
    webhooks({ secrets: SECRET }, () => {}),
    { prefix: "/webhooks" },
  );
  app.register(
    webhooks({ secrets: "whsec_b3RoZXIgc2VjcmV0IQ==" }, () => {}),
    { prefix: "/others" },
  );
  assert.equal((await app.inject(request)).statusCode, 204);
  assert.equal((await app.inject({ ...request, url: "/others" })).statusCode, 401);
});

test("an error of the handler goes to the server's own error handler", async () => {
  const app = fastify();
  app.setErrorHandler((error: Error, _request, reply) => reply.code(503).send(error.message));
  const fail = () => {
    throw new Error("the disk is full");
  };
  app.register(webhooks({ secrets: SECRET }, fail), { prefix: "/webhooks" });
  const answer = await app.inject(request);
  assert.deepEqual([answer.statusCode, answer.body], [503, "the disk is full"]);
});

test("the handler and the secrets see the request of Fastify", async () => {
  const app = fastify();
  const urls: string[] = [];
  const secrets = (request: FastifyRequest) => {
    urls.push(request.url);
    return SECRET;
  };
  const receive = webhooks({ secrets }, (_event, request) => urls.push(request.url));
  app.register(receive, { prefix: "/webhooks" });
  assert.equal((await app.inject(request)).statusCode, 204);
  assert.deepEqual(urls, ["/webhooks", "/webhooks"]);
});

test("a larger bound than Fastify's own is kept", async () => {
  const app = fastify({ bodyLimit: 1000 });
  const large = eventBody("evt_1", { text: "x".repeat(2_000_000) });
  app.register(
    webhooks({ secrets: SECRET, maxBody: 3_000_000 }, () => {}),
    { prefix: "/webhooks" },
  );
  const answer = await app.inject({ ...request, headers: signed(large), payload: large });
  assert.equal(answer.statusCode, 204);
});
