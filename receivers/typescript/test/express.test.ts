// Express: parsers in front of the helper, of all kinds.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from "express";
import { webhooks } from "waxwing-receiver/express";
import { eventBody, SECRET, signed } from "./requests.js";
import { listen, serve } from "./servers.js";

const body = eventBody("evt_1", { name: "Café Central" });

/** The answer to a genuine request when this stands in front. */
async function behind(test: TestContext, ...parsers: RequestHandler[]): Promise<Response> {
  const app = express();
  for (const parser of parsers) app.use(parser);
  app.post(
    "/webhooks",
    webhooks({ secrets: SECRET, maxBody: 1000 }, () => {}),
  );
  const send = await serve(test, app);
  return send(body, signed(body));
}

test("a JSON parser in front is explained", async (t) => {
  const answer = await behind(t, express.json());
  assert.equal(answer.status, 500);
  const { reason, detail } = (await answer.json()) as Record<string, string>;
  assert.equal(reason, "body_not_raw");
  assert.match(detail ?? "", /express\.json\(\), has read the body/);
  assert.match(detail ?? "", /Register this route before that parser/);
});

test("a body that was read, but not kept, is explained", async (t) => {
  const drain: RequestHandler = (request, _response, next) => {
    request.resume().once("end", () => next());
  };
  assert.equal(
    ((await (await behind(t, drain)).json()) as { reason: string }).reason,
    "body_not_raw",
  );
  const empty: RequestHandler = (request, _response, next) => {
    request.body = {};
    next();
  };
  const answer = await behind(t, drain, empty);
  assert.equal(((await answer.json()) as { reason: string }).reason, "body_not_raw");
});

test("express.raw, express.text and parsers for other types are no harm", async (t) => {
  assert.equal((await behind(t, express.raw({ type: "application/json" }))).status, 204);
  assert.equal((await behind(t, express.text({ type: "application/json" }))).status, 204);
  assert.equal((await behind(t, express.urlencoded(), express.json({ type: "x/y" }))).status, 204);
});

test("the empty object that Express 4 leaves is no body", async (t) => {
  const express4: RequestHandler = (request, _response, next) => {
    request.body = {};
    next();
  };
  assert.equal((await behind(t, express4)).status, 204);
});

test("bytes that were kept beside the object are taken", async (t) => {
  const keeping = express.json({
    verify: (request, _response, bytes) => {
      Object.assign(request, { rawBody: bytes });
    },
  });
  assert.equal((await behind(t, keeping)).status, 204);
});

test("maxBody holds for bytes that a parser has read, counted as bytes", async (t) => {
  for (const parser of [express.raw, express.text]) {
    const app = express().use(parser({ type: "application/json" }));
    const maxBody = Buffer.byteLength(body) - 1;
    assert.equal(body.length, maxBody);
    app.post(
      "/webhooks",
      webhooks({ secrets: SECRET, maxBody }, () => {}),
    );
    const answer = await (await serve(t, app))(body, signed(body));
    assert.equal(answer.status, 413);
  }
});

test("the handler and the secrets see the request of Express", async (t) => {
  const app = express();
  const paths: string[] = [];
  const secrets = (request: Request) => {
    paths.push(request.path);
    return SECRET;
  };
  app.post(
    "/webhooks",
    webhooks<Record<string, unknown>, Request>({ secrets }, (_event, request) => {
      paths.push(request.originalUrl);
    }),
  );
  const send = await serve(t, app);
  assert.equal((await send(body, signed(body))).status, 204);
  assert.deepEqual(paths, ["/webhooks", "/webhooks"]);
});

test("an answer that somebody else gave first is an error for Express", async (t) => {
  const errors: string[] = [];
  const app = express();
  const tooEarly: RequestHandler = (_request, response, next) => {
    response.status(503).send("overloaded");
    next();
  };
  app.post(
    "/webhooks",
    tooEarly,
    webhooks({ secrets: SECRET }, () => {}),
  );
  const noted = new Promise<void>((resolve) => {
    app.use(((error, _request, _response, _next) => {
      errors.push(error.code);
      resolve();
    }) satisfies ErrorRequestHandler);
  });
  const answer = await (await serve(t, app))(body, signed(body));
  assert.equal(answer.status, 503);
  await noted;
  assert.deepEqual(errors, ["ERR_HTTP_HEADERS_SENT"]);
});

test("after a body that was too large the connection closes", async (t) => {
  const app = express();
  app.post(
    "/webhooks",
    webhooks({ secrets: SECRET, maxBody: 10 }, () => {}),
  );
  const client = connect(await listen(t, app), "127.0.0.1");
  // The rest of the thousand bytes never comes: the answer must not wait for it.
  client.write(
    "POST /webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nfar too long",
  );
  let answer = "";
  for await (const bytes of client) answer += bytes;
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /\r\nconnection: close\r\n/i);
});
