// The helper for Fastify: a plugin of its own scope, whose parser leaves the body alone while
// the rest of the server goes on parsing JSON.

import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AnyEvents } from "./event.js";
import { type Handler, type ReceiverOptions, receiver } from "./receive.js";
import { answerHeaders, readStream } from "./stream.js";

export type { Handler, ReceiverOptions } from "./receive.js";

/**
 * `app.register(webhooks({ secrets, seen }, (event) => queue.add(event)), { prefix: "/webhooks" })`.
 * An error of the handler goes to Fastify, which answers 500.
 */
export function webhooks<Events extends object = AnyEvents>(
  options: ReceiverOptions<[FastifyRequest]>,
  handler: Handler<Events, [FastifyRequest]>,
): (app: FastifyInstance) => Promise<void> {
  const { receive, maxBody } = receiver<Events, [FastifyRequest]>(options, handler);
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    app.post("/", async (request, reply) => {
      const payload = request.body as Readable | undefined;
      const read = () => readStream(payload ?? request.raw, maxBody);
      const answer = await receive(read, request.headers, [request]);
      return reply
        .code(answer.status)
        .headers(answerHeaders(request.raw, answer))
        .send(answer.body);
    });
  };
}
