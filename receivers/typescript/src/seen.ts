// Which events were there before. Delivery is at least once: a receiver acts once because it
// remembers ids, not because the network is kind.

/** Remembers ids. Implementations for several processes: see examples/typescript. */
export interface Seen {
  /** Whether this id was there before; remembers it, in one step that nobody comes between. */
  seen(id: string): boolean | Promise<boolean>;
  /** Takes an id back because handling its event failed, so that the retry is handled. */
  forget(id: string): unknown;
}

export interface MemorySeenOptions {
  /** How many ids are kept; the oldest go first. Default 100,000. */
  readonly capacity?: number | undefined;
  /** How long an id is kept, in seconds. Default 48 h: retries end after some 33 h. */
  readonly ttl?: number | undefined;
  /** A clock in seconds, for tests. */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_CAPACITY = 100_000;
const DEFAULT_TTL = 48 * 60 * 60;

/** Ids in the memory of this process: bounded, expiring, and gone after a restart. */
export class MemorySeen implements Seen {
  // In the order of their coming, which is that of their end: each is kept equally long.
  readonly #ends = new Map<string, number>();
  readonly #capacity: number;
  readonly #ttl: number;
  readonly #now: () => number;

  constructor({
    capacity = DEFAULT_CAPACITY,
    ttl = DEFAULT_TTL,
    now = () => performance.now() / 1000,
  }: MemorySeenOptions = {}) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`capacity must be a whole number from 1 up, not ${capacity}`);
    }
    if (!(ttl > 0)) throw new RangeError(`ttl must be a number of seconds above 0, not ${ttl}`);
    this.#capacity = capacity;
    this.#ttl = ttl;
    this.#now = now;
  }

  /** How many ids are kept at the moment. */
  get size(): number {
    return this.#ends.size;
  }

  seen(id: string): boolean {
    const now = this.#now();
    this.#expire(now);
    if (this.#ends.has(id)) return true;
    if (this.#ends.size >= this.#capacity) this.#dropOldest();
    this.#ends.set(id, now + this.#ttl);
    return false;
  }

  forget(id: string): void {
    this.#ends.delete(id);
  }

  #expire(now: number): void {
    for (const [id, end] of this.#ends) {
      if (end > now) return;
      this.#ends.delete(id);
    }
  }

  #dropOldest(): void {
    for (const id of this.#ends.keys()) {
      this.#ends.delete(id);
      return;
    }
  }
}
