// Programs that a test starts and that end with it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** How long a program may take to say something. */
const PATIENCE = 30_000;
/** How long it may take to end when it was asked to. Then it is killed. */
const ENDING = 5000;

export interface Options {
  readonly cwd?: string | URL;
  /** The whole environment; without it that of the test. */
  readonly env?: NodeJS.Dict<string>;
  readonly uid?: number;
  readonly gid?: number;
}

export class Program {
  /** What it said, line by line, on either stream. */
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #heard: (() => void)[] = [];

  constructor(command: readonly string[], options: Options) {
    const [program = "", ...args] = command;
    // Next.js declares that NODE_ENV is always set; it need not be.
    const env = (options.env ?? process.env) as NodeJS.ProcessEnv;
    const child = spawn(program, args, { ...options, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#ended = once(child, "close").then(() => this.#hear());
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface(stream).on("line", (line) => this.#hear(line));
    }
  }

  /** The first line that this fits, once it was said. */
  async line(pattern: RegExp): Promise<string> {
    const deadline = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const line = this.lines.find((line) => pattern.test(line));
      if (line !== undefined) return line;
      const said = this.lines.join("\n");
      if (this.exitCode !== null) throw new Error(`it ended without ${pattern}:\n${said}`);
      if (deadline.aborted) throw new Error(`it did not say ${pattern} in time:\n${said}`);
      await this.#more(deadline);
    }
  }

  get exitCode(): number | string | null {
    return this.#process.exitCode ?? this.#process.signalCode;
  }

  /** Asks it to end, and waits until it has; gives its code, or the signal that ended it. */
  async end(): Promise<number | string | null> {
    if (this.exitCode === null) this.#process.kill("SIGTERM");
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), ENDING);
    await this.#ended;
    clearTimeout(killer);
    return this.exitCode;
  }

  /** Waits until it ends by itself, and gives its code. */
  async ended(): Promise<number | string | null> {
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
    await this.#ended;
    clearTimeout(killer);
    return this.exitCode;
  }

  #more(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#heard.push(resolve);
      deadline.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #hear(line?: string): void {
    if (line !== undefined) this.lines.push(line);
    for (const resolve of this.#heard.splice(0)) resolve();
  }
}

/** Starts a program that ends with the test at the latest. */
export function start(test: TestContext, command: readonly string[], options: Options = {}) {
  const program = new Program(command, options);
  test.after(() => program.end());
  return program;
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
