// The built server, in a folder of its own, and calls of its API.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BINARY =
  process.env.WAXWING_BINARY ?? join(import.meta.dirname, "../../../target/debug/waxwing");

export const OPERATOR_KEY = "wxo_for_the_tests_of_the_dashboard";

export class Waxwing {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  static async start(folder: string, settings: Record<string, string>): Promise<Waxwing> {
    const child = spawn(BINARY, ["serve"], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        WAXWING_LISTEN: "127.0.0.1:0",
        WAXWING_DATABASE: `sqlite:${join(folder, "waxwing.db")}`,
        WAXWING_OPERATOR_KEY: OPERATOR_KEY,
        WAXWING_ALLOWED_NETWORKS: "127.0.0.0/8",
        WAXWING_NODE: "berlin-1",
        WAXWING_LOG_FORMAT: "json",
        ...settings,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    // A test run that breaks off leaves no server behind.
    process.once("exit", () => child.kill());
    const address = await listening(child);
    return new Waxwing(child, `http://${address}`);
  }

  /** A call as the operator, for an account if one is named. Throws unless it succeeds. */
  async call<Answer>(
    method: string,
    path: string,
    options: { body?: unknown; json?: string; account?: string } = {},
  ): Promise<Answer> {
    const headers: Record<string, string> = { Authorization: `Bearer ${OPERATOR_KEY}` };
    if (options.account !== undefined) headers["Waxwing-Account"] = options.account;
    const body =
      options.json ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(this.url + path, { method, headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await exit;
  }
}

/** The address that the server says it listens at. */
async function listening(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error("no stderr");
  const lines: string[] = [];
  // Read on after the first lines, so that the server never waits for room.
  const reader = createInterface({ input: child.stderr });
  const address = new Promise<string>((resolve, reject) => {
    reader.on("line", (line) => {
      lines.push(line);
      const found = /"listening".*?"address":"([^"]+)"|"address":"([^"]+)".*"listening"/.exec(line);
      const told = found?.[1] ?? found?.[2];
      if (told !== undefined) resolve(told);
    });
    child.once("exit", (code) => {
      reject(new Error(`the server ended with ${code ?? "a signal"}:\n${lines.join("\n")}`));
    });
  });
  return address;
}
