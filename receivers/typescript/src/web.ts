// The helper for whatever speaks Request and Response: Hono, Next.js, Workers, Deno, Bun.

import { bodyNotRaw, bodyTooLarge } from "./body.js";
import { concat } from "./bytes.js";
import type { AnyEvents } from "./event.js";
import { type Handler, type ReceiverOptions, receiver } from "./receive.js";

export type { Handler, ReceiverOptions } from "./receive.js";

/**
 * `export const POST = webhooks({ secrets, seen }, (event) => queue.add(event))`.
 * What is given besides the request (`env` and `ctx` of Workers, the context of Hono) goes on
 * to the handler and to `secrets`. An error of the handler is thrown: frameworks answer 500.
 */
export function webhooks<Events extends object = AnyEvents, Rest extends readonly unknown[] = []>(
  options: ReceiverOptions<[Request, ...Rest]>,
  handler: Handler<Events, [Request, ...Rest]>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const { receive, maxBody } = receiver<Events, [Request, ...Rest]>(options, handler);
  return async (request, ...rest) => {
    const read = () => readBody(request, maxBody);
    const { status, type, body } = await receive(read, request.headers, [request, ...rest]);
    const headers = type === undefined ? {} : { "content-type": type };
    return new Response(body ?? null, { status, headers });
  };
}

async function readBody(request: Request, maxBody: number): Promise<Uint8Array> {
  if (request.bodyUsed || request.body?.locked) {
    throw bodyNotRaw(
      "The body of the request was read before.",
      "Call this helper before request.json() or request.text(), or give it request.clone().",
    );
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    size += part.value.length;
    if (size > maxBody) {
      await reader?.cancel();
      throw bodyTooLarge(maxBody);
    }
    parts.push(part.value);
  }
  return concat(parts);
}
