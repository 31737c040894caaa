// What the helpers for frameworks share: verify, deduplicate, handle, answer. A framework
// adds how a body is read and how an answer is written.

import { primitives } from "#crypto";
import { type Body, DEFAULT_MAX_BODY } from "./body.js";
import { VerificationError } from "./error.js";
import type { EventOf } from "./event.js";
import type { HeadersLike } from "./headers.js";
import { settle, type VerifyOptions } from "./options.js";
import { parseSecrets, type Secrets } from "./secrets.js";
import type { Seen } from "./seen.js";
import { verifyWith } from "./verify.js";

/** What a helper can be told. `Context` is what the framework has: mostly the request. */
export interface ReceiverOptions<Context extends readonly unknown[]> extends VerifyOptions {
  /** Secrets, or a function that gives them: then a rotation needs no restart. */
  readonly secrets: Secrets | ((...context: Context) => Secrets | Promise<Secrets>);
  /** Where ids are remembered. Without it, duplicates are handled like the first. */
  readonly seen?: Seen | undefined;
  /** How many bytes of a body are read; default 1 MiB. */
  readonly maxBody?: number | undefined;
  /** Is told of each request that is refused, for a log or a metric. */
  readonly onRefused?: ((error: VerificationError, ...context: Context) => void) | undefined;
}

/**
 * Acts on an event that is genuine and new. When it has ended the sender is answered 204, so
 * it only writes down what is to be done. When it throws, the framework answers 500 and the
 * event comes again.
 */
export type Handler<Events extends object, Context extends readonly unknown[]> = (
  event: EventOf<Events>,
  ...context: Context
) => unknown;

/** What to answer with. */
export interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

export interface Receiver<Context extends readonly unknown[]> {
  readonly maxBody: number;
  receive(read: () => Promise<Body>, headers: HeadersLike, context: Context): Promise<Answer>;
}

const verify = verifyWith(primitives);

/** Checks the options once, so that a server that cannot verify does not start. */
export function receiver<Events extends object, Context extends readonly unknown[]>(
  options: ReceiverOptions<Context>,
  handler: Handler<Events, Context>,
): Receiver<Context> {
  const { secrets, seen, onRefused, maxBody = DEFAULT_MAX_BODY } = options;
  if (!Number.isInteger(maxBody) || maxBody < 1) {
    throw new RangeError(`maxBody must be a whole number of bytes from 1 up, not ${maxBody}`);
  }
  const { scheme } = settle(options);
  if (typeof secrets !== "function") parseSecrets(secrets, scheme);

  const verified = async (read: () => Promise<Body>, headers: HeadersLike, context: Context) => {
    const body = await read();
    const current = typeof secrets === "function" ? await secrets(...context) : secrets;
    return verify<Events>(body, headers, current, options);
  };

  return {
    maxBody,
    async receive(read, headers, context) {
      const event = await verified(read, headers, context).catch(asRefusal);
      if (event instanceof VerificationError) {
        onRefused?.(event, ...context);
        return refusal(event);
      }
      return handleOnce(event, seen, () => handler(event, ...context));
    },
  };
}

/** Only what is wrong with a request is answered by us; other errors are the framework's. */
function asRefusal(error: unknown): VerificationError {
  if (error instanceof VerificationError) return error;
  throw error;
}

async function handleOnce(
  event: { readonly id: string },
  seen: Seen | undefined,
  handle: () => unknown,
): Promise<Answer> {
  if (await seen?.seen(event.id)) return { status: 200, type: "text/plain", body: "duplicate" };
  try {
    await handle();
  } catch (error) {
    await forget(event.id, seen, error);
    throw error;
  }
  return { status: 204 };
}

/** If this fails too, the retry will be taken for a duplicate, which somebody has to know. */
async function forget(id: string, seen: Seen | undefined, error: unknown): Promise<void> {
  try {
    await seen?.forget(id);
  } catch (failure) {
    const message = `The handler failed, and ${id} could not be forgotten: its retry will be taken for a duplicate.`;
    throw new AggregateError([error, failure], message);
  }
}

function refusal({ status, reason, message }: VerificationError): Answer {
  return {
    status,
    type: "application/json",
    body: JSON.stringify({ reason, detail: message }),
  };
}
