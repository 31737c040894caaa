// The helper for Express, and for whatever else has (request, response, next) of Node.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Body, bodyNotRaw, bodyTooLarge } from "./body.js";
import type { AnyEvents } from "./event.js";
import { type Answer, type Handler, type ReceiverOptions, receiver } from "./receive.js";
import { answerHeaders, readStream } from "./stream.js";

export type { Handler, ReceiverOptions } from "./receive.js";

/** A middleware that ends the request: register it for the POST of one path. */
export type Middleware<Req> = (
  request: Req,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * `app.post("/webhooks", webhooks({ secrets, seen }, (event) => queue.add(event)))`.
 * An error of the handler goes to Express, which answers 500.
 */
export function webhooks<
  Events extends object = AnyEvents,
  Req extends IncomingMessage = IncomingMessage,
>(options: ReceiverOptions<[Req]>, handler: Handler<Events, [Req]>): Middleware<Req> {
  const { receive, maxBody } = receiver<Events, [Req]>(options, handler);
  return (request, response, next) => {
    receive(() => readBody(request, maxBody), request.headers, [request])
      .then((answer) => send(request, response, answer))
      .catch(next);
  };
}

/** What parsers leave behind: Express's own, and those that keep the bytes beside the object. */
interface Parsed {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

async function readBody(request: IncomingMessage & Parsed, maxBody: number): Promise<Body> {
  const given = request.rawBody ?? request.body;
  if (typeof given === "string" || given instanceof Uint8Array) {
    if (Buffer.byteLength(given) > maxBody) throw bodyTooLarge(maxBody);
    return given;
  }
  // Express 4 has an empty object for a body that no parser took.
  const isParsed = given !== undefined && given !== null && JSON.stringify(given) !== "{}";
  if (isParsed || request.readableDidRead) throw parserWasFaster();
  return readStream(request, maxBody);
}

function parserWasFaster() {
  return bodyNotRaw(
    "Something in front of this middleware, such as express.json(), has read the body and left no bytes.",
    'Register this route before that parser; or put express.raw({ type: "application/json" }) into ' +
      "this route alone; or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes; } }).",
  );
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, answerHeaders(request, answer)).end(answer.body);
}
