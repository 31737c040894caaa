// A customer's server: takes webhooks over TLS and answers as the test says, path by path.
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";

export interface Taken {
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Reply {
  /** No status: the connection is cut. */
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  /** Answers only after this time. */
  afterMs?: number;
}

export class Receiver {
  readonly taken: Taken[] = [];
  private readonly replies = new Map<string, Reply>();

  private constructor(private readonly server: Server) {}

  static async start(identity: { cert: Buffer; key: Buffer }): Promise<Receiver> {
    const server = createServer(identity);
    const receiver = new Receiver(server);
    server.on("request", (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const path = request.url ?? "/";
        receiver.taken.push({
          path,
          headers: request.headers,
          body: Buffer.concat(parts).toString(),
        });
        const reply = receiver.replies.get(path) ?? { status: 204 };
        const answer = (): void => {
          if (reply.status === undefined) {
            request.socket.destroy();
            return;
          }
          response.writeHead(reply.status, reply.headers).end(reply.body);
        };
        setTimeout(answer, reply.afterMs ?? 0);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  url(path: string): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** From now on this path is answered so. */
  answers(path: string, reply: Reply): void {
    this.replies.set(path, reply);
  }

  at(path: string): Taken[] {
    return this.taken.filter((request) => request.path === path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
