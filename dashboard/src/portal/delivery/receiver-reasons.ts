// Receivers with one of our libraries say in their answer why they refused a request:
// {"reason": "…", "detail": "…"}. The list is that of docs/receiving/verify.md.
import type { Explanation } from "./explain";

const REASONS: Record<string, Omit<Explanation, "title">> = {
  body_not_raw: {
    meaning: "A parser read the body before the signature was checked.",
    advice: ["Give the library the raw body: register the route before the JSON parser."],
  },
  invalid_secret: {
    meaning: "Your server has no usable secret.",
    advice: ["Look at the variable or file that it comes from: is it empty, or has it a newline?"],
  },
  body_too_large: {
    meaning: "The body is larger than the library reads.",
    advice: ["Raise max_body if your events are that large."],
  },
  missing_header: {
    meaning: "A header of the signature did not arrive.",
    advice: ["A proxy in front of your server drops it: let webhook-* headers through."],
  },
  repeated_header: {
    meaning: "A header of the signature came more than once.",
    advice: ["A proxy in front of your server repeats it."],
  },
  malformed_header: {
    meaning: "A header of the signature was changed on the way.",
    advice: ["Look at the proxies in front of your server."],
  },
  unsupported_version: {
    meaning: "None of the signatures can be checked with what your server has.",
    advice: ["A public key needs a signing key at the webhook; else update the library."],
  },
  no_matching_signature: {
    meaning: "No secret of your server made this signature.",
    advice: [
      "It has the secret of another webhook, or an old one.",
      "Or the body was changed before it was checked, mostly by a JSON parser.",
    ],
  },
  timestamp_too_old: {
    meaning: "The signature is right, but your server takes it for too old.",
    advice: ["Its clock is ahead: check its time synchronisation."],
  },
  timestamp_too_new: {
    meaning: "The signature is right, but for your server it is from the future.",
    advice: ["Its clock is behind: check its time synchronisation."],
  },
  not_an_event: {
    meaning: "The body is signed, but is not the JSON of an event.",
    advice: ["Ask whoever sends the webhooks."],
  },
};

/** The explanation for what the library said, if it was one that answered. */
export function receiverReason(body: string | null | undefined): Explanation | undefined {
  const reason = reasonIn(body);
  const known = reason === undefined ? undefined : REASONS[reason];
  if (reason === undefined || known === undefined) return undefined;
  return { title: `Your server says: ${reason}`, ...known };
}

function reasonIn(body: string | null | undefined): string | undefined {
  try {
    const said: unknown = JSON.parse(body ?? "");
    if (typeof said !== "object" || said === null || !("reason" in said)) return undefined;
    return typeof said.reason === "string" ? said.reason : undefined;
  } catch {
    return undefined;
  }
}
