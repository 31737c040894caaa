// The event that a webhook carries: its type for the compiler, and how it is read.

import { VerificationError } from "./error.js";

/** What happened: the envelope that the platform signed. */
export interface WebhookEvent<Type extends string = string, Data = unknown> {
  /** The same for each retry and each replay: act once on each. */
  readonly id: string;
  /** A dotted name such as `deposit.completed`. */
  readonly type: Type;
  /** When it was published: RFC 3339 in UTC, with milliseconds. */
  readonly created_at: string;
  readonly data: Data;
}

/**
 * One of the events that a map from types to data names. `switch (event.type)` then knows
 * what `event.data` is. Types that are not in the map can come all the same.
 */
export type EventOf<Events extends object> = {
  [Type in keyof Events & string]: WebhookEvent<Type, Events[Type]>;
}[keyof Events & string];

/** Any type, any data: what one gets without a map. */
export type AnyEvents = Record<string, unknown>;

// A byte order mark is not taken away: JSON does not know one.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the event out of a body whose signature holds. */
export function parseEvent(body: Uint8Array, parse: (text: string) => unknown): WebhookEvent {
  const value = parseJson(body, parse);
  if (typeof value !== "object" || value === null) {
    throw notAnEvent("its JSON is no object");
  }
  const members = value as Record<string, unknown>;
  if (!Object.hasOwn(members, "data")) throw notAnEvent("it has no data");
  return {
    id: text(members, "id"),
    type: text(members, "type"),
    created_at: text(members, "created_at"),
    data: members.data,
  };
}

function parseJson(body: Uint8Array, parse: (text: string) => unknown): unknown {
  try {
    return parse(utf8.decode(body));
  } catch (error) {
    throw notAnEvent("it is not JSON in UTF-8", error);
  }
}

function text(members: Record<string, unknown>, name: string): string {
  const value = Object.hasOwn(members, name) ? members[name] : undefined;
  if (typeof value !== "string") throw notAnEvent(`it has no text "${name}"`);
  return value;
}

function notAnEvent(why: string, cause?: unknown): VerificationError {
  const detail = `The signature holds, but the body is not an event: ${why}.`;
  return new VerificationError("not_an_event", detail, { cause });
}
