// Whether a program that a test has started is there yet.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Program } from "./programs.js";

const SLOWEST_START = 20_000;

/** Tries until somebody listens. No framework says so in the same words as another. */
export async function listening(port: number, program: Program): Promise<void> {
  const deadline = Date.now() + SLOWEST_START;
  while (!(await isOpen(port))) {
    assert.equal(program.exitCode, null, program.lines.join("\n"));
    assert.ok(Date.now() < deadline, "nobody listens");
    await setTimeout(20);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
