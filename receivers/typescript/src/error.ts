// The one error of this library, and the closed list of its reasons.

/** Each reason with the HTTP status that tells the sender. */
export const REASONS = Object.freeze({
  body_not_raw: 500,
  invalid_secret: 500,
  missing_header: 401,
  repeated_header: 401,
  malformed_header: 401,
  unsupported_version: 401,
  no_matching_signature: 401,
  timestamp_too_old: 401,
  timestamp_too_new: 401,
  not_an_event: 400,
  body_too_large: 413,
});

export type Reason = keyof typeof REASONS;

/** Why a request was refused. The message is for people, and has no secret in it. */
export class VerificationError extends Error {
  override readonly name = "VerificationError";
  readonly reason: Reason;
  /** The HTTP status to answer with. */
  readonly status: number;
  /** The header that is to blame, where it is one. */
  readonly header: string | undefined;

  constructor(reason: Reason, detail: string, about: { header?: string; cause?: unknown } = {}) {
    super(detail, about.cause === undefined ? undefined : { cause: about.cause });
    this.reason = reason;
    this.status = REASONS[reason];
    this.header = about.header;
  }
}
