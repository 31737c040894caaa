// The same receiver on each framework, for tests that hold for all of them.

import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import express from "express";
import fastify from "fastify";
import type { EventOf, Secrets, Seen, VerificationError, VerifyOptions } from "waxwing-receiver";
import * as forExpress from "waxwing-receiver/express";
import * as forFastify from "waxwing-receiver/fastify";
import * as forWeb from "waxwing-receiver/web";

export interface Options extends VerifyOptions {
  readonly secrets: Secrets | (() => Secrets | Promise<Secrets>);
  readonly seen?: Seen;
  readonly maxBody?: number;
  readonly onRefused?: (error: VerificationError) => void;
}

export type Handle = (event: EventOf<Record<string, unknown>>) => unknown;

/** Sends a POST with this body to the receiver. */
export type Send = (
  body: RequestInit["body"],
  headers?: Record<string, string>,
) => Promise<Response>;

export type Start = (test: TestContext, options: Options, handle: Handle) => Promise<Send>;

export const servers: Record<string, Start> = {
  express: (test, options, handle) => {
    const app = express();
    app.post("/webhooks", forExpress.webhooks(options, handle));
    return serve(test, app);
  },

  fastify: async (test, options, handle) => {
    const app = fastify();
    app.register(forFastify.webhooks(options, handle), { prefix: "/webhooks" });
    test.after(() => app.close());
    return sendTo(await app.listen({ host: "127.0.0.1", port: 0 }));
  },

  web: async (_test, options, handle) => {
    const receive = forWeb.webhooks(options, handle);
    return (body, headers = {}) =>
      receive(new Request("http://localhost/webhooks", request(body, headers))).catch(
        (error) => new Response(String(error), { status: 500 }),
      );
  },
};

/** An application of Express on a free port, until the test has ended. */
export async function serve(test: TestContext, app: express.Express): Promise<Send> {
  return sendTo(`http://127.0.0.1:${await listen(test, app)}`);
}

/** The port of such an application. */
export async function listen(test: TestContext, app: express.Express): Promise<number> {
  app.set("env", "test");
  const server = app.listen(0, "127.0.0.1");
  test.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

function sendTo(origin: string): Send {
  return (body, headers = {}) =>
    fetch(`${origin}/webhooks`, request(body, { connection: "close", ...headers }));
}

function request(body: RequestInit["body"], headers: Record<string, string>): RequestInit {
  return { method: "POST", headers, duplex: "half", ...(body === undefined ? {} : { body }) };
}
