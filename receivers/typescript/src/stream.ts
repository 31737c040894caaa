// The body of a request on Node, read with a bound.

import type { IncomingMessage } from "node:http";
import { finished, type Readable } from "node:stream";
import { bodyTooLarge } from "./body.js";
import type { Answer } from "./receive.js";

/** All bytes of a stream that nobody has read yet, or the error `body_too_large`. */
export function readStream(stream: Readable, maxBody: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBody) chunks.push(chunk);
      else reject(bodyTooLarge(maxBody));
    });
    finished(stream, { writable: false }, (error) => {
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    });
  });
}

/** The headers of an answer; after a body that was not read to its end the connection closes. */
export function answerHeaders(request: IncomingMessage, answer: Answer): Record<string, string> {
  const headers: Record<string, string> = {};
  if (answer.type !== undefined) headers["content-type"] = answer.type;
  if (!request.complete && request.httpVersionMajor === 1) headers.connection = "close";
  return headers;
}
