// Ids on Redis, for a receiver of several processes:
// webhooks({ secrets, seen: new RedisSeen(client) }, …)

import type { createClient } from "redis";
import type { Seen } from "waxwing-receiver";

const TWO_DAYS = 48 * 60 * 60;

export class RedisSeen implements Seen {
  readonly #client: Pick<ReturnType<typeof createClient>, "set" | "del">;
  readonly #ttl: number;

  /** Keeps ids for so many seconds: retries end after some 33 hours. */
  constructor(client: Pick<ReturnType<typeof createClient>, "set" | "del">, ttl = TWO_DAYS) {
    this.#client = client;
    this.#ttl = ttl;
  }

  async seen(id: string): Promise<boolean> {
    // SET NX EX asks and remembers in one command: nobody comes between.
    const answer = await this.#client.set(`webhook:${id}`, "1", {
      condition: "NX",
      expiration: { type: "EX", value: this.#ttl },
    });
    return answer === null;
  }

  async forget(id: string): Promise<void> {
    await this.#client.del(`webhook:${id}`);
  }
}
