// The headers that were signed with: found in whatever a framework has, and checked before
// anything is computed. A header that came twice is refused: which one counts would be
// decided differently here and by whatever stands in front.

import { VerificationError } from "./error.js";
import type { Scheme } from "./options.js";

/** Headers of Node, of the Web, or pairs; names in any case. */
export type HeadersLike =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The headers of `standard`, each of them once and in form. */
export interface StandardHeaders {
  readonly id: string;
  readonly timestamp: string;
  /** The parts of webhook-signature, at least one. */
  readonly signatures: readonly string[];
}

const STANDARD = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
const PLAIN = ["x-webhook-signature"] as const;

// Printable ASCII without space and dot: the signed text has dots between its parts.
const ID = /^[!-\-/-~]{1,256}$/;
const TIMESTAMP = /^(0|[1-9][0-9]{0,14})$/;
const HEX = /^[0-9a-f]{64}$/;

export function standardHeaders(headers: HeadersLike): StandardHeaders {
  const values = valuesOf(headers, "standard");
  const [id, timestamp, signature] = STANDARD.map((name) => once(values, name)) as [
    string,
    string,
    string,
  ];
  if (!ID.test(id))
    throw malformed("webhook-id", "1 to 256 printable characters without space and dot");
  if (!TIMESTAMP.test(timestamp)) throw malformed("webhook-timestamp", "a time in Unix seconds");
  const signatures = signature.split(" ").filter((part) => part !== "");
  if (signatures.length === 0) throw malformed("webhook-signature", "one signature or more");
  return { id, timestamp, signatures };
}

export function plainSignature(headers: HeadersLike): string {
  const signature = once(valuesOf(headers, "plain"), "x-webhook-signature");
  if (!HEX.test(signature)) throw malformed("x-webhook-signature", "64 lowercase hex digits");
  return signature;
}

type Values = ReadonlyMap<string, readonly string[]>;

/** The values of both schemes' headers; those of this one are there. */
function valuesOf(headers: HeadersLike, scheme: Scheme): Values {
  const values = new Map<string, string[]>([...STANDARD, ...PLAIN].map((name) => [name, []]));
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of pairs as Iterable<
    readonly [string, string | readonly string[] | undefined]
  >) {
    if (value !== undefined && value !== null)
      values.get(name.toLowerCase())?.push(...[value].flat());
  }
  const isThere = (name: string) => values.get(name)?.length !== 0;
  const [ours, others] = scheme === "plain" ? [PLAIN, STANDARD] : [STANDARD, PLAIN];
  const missing = ours.find((name) => !isThere(name));
  if (missing !== undefined) throw missingHeader(missing, others.find(isThere), scheme);
  return values;
}

/** The one value of a header that is there. */
function once(values: Values, name: string): string {
  const [value = "", ...more] = values.get(name) ?? [];
  if (more.length > 0 || isJoined(name, value)) {
    const detail = `The header ${name} came more than once, or was joined with commas on its way.`;
    throw new VerificationError("repeated_header", detail, { header: name });
  }
  return value;
}

/** Whether a server in front has made one value of several. A signature has one comma itself. */
function isJoined(name: string, value: string): boolean {
  if (name !== "webhook-signature") return value.includes(",");
  return value.split(" ").some((part) => part.split(",").length > 2);
}

function missingHeader(
  header: string,
  other: string | undefined,
  scheme: Scheme,
): VerificationError {
  const otherScheme = scheme === "plain" ? "standard" : "plain";
  const hint =
    other === undefined
      ? "Either a proxy takes it away, or the request is not from the platform."
      : `${other} is there, which the scheme "${otherScheme}" checks; this receiver was set to "${scheme}".`;
  return new VerificationError("missing_header", `The header ${header} is missing. ${hint}`, {
    header,
  });
}

function malformed(header: string, form: string): VerificationError {
  return new VerificationError("malformed_header", `The header ${header} is not ${form}.`, {
    header,
  });
}
