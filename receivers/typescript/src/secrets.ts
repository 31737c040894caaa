// What signatures are checked with: shared secrets and public keys, told apart and checked
// before anything else, so that an unset variable does not look like a forged request.

import { decodeBase64, decodeLenientBase64 } from "./base64.js";
import { VerificationError } from "./error.js";
import type { Scheme } from "./options.js";

/** One secret (`whsec_…`, or a text of the account's own) or public key (`whpk_…`), or several. */
export type Secrets = string | readonly string[];

/** The version of the signatures that a key checks; `plain` is that of X-Webhook-Signature. */
export type Version = "plain" | "v1" | "v1a";

export interface Key {
  readonly version: Version;
  readonly bytes: Uint8Array;
}

const SHORTEST_SECRET = 16;
const LONGEST_SECRET = 256;
const PUBLIC_KEY_BYTES = 32;

/** The keys that these secrets stand for. The errors say which one is wrong, never what it is. */
export function parseSecrets(secrets: Secrets, scheme: Scheme): readonly Key[] {
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets];
  if (list.length === 0) throw new VerificationError("invalid_secret", "No secret was given.");
  return list.map((secret, index) => {
    const name = list.length === 1 ? "The secret" : `Secret ${index + 1} of ${list.length}`;
    return parse(checkText(secret, name), scheme, name);
  });
}

function parse(secret: string, scheme: Scheme, name: string): Key {
  if (secret.startsWith("whpk_")) return { version: "v1a", bytes: publicKey(secret, scheme, name) };
  if (scheme === "plain") return { version: "plain", bytes: ownBytes(secret) };
  const decoded = secret.startsWith("whsec_")
    ? decodeLenientBase64(secret.slice("whsec_".length))
    : undefined;
  return { version: "v1", bytes: decoded ?? ownBytes(secret) };
}

function publicKey(secret: string, scheme: Scheme, name: string): Uint8Array {
  if (scheme === "plain") {
    throw invalid(
      name,
      "is a public key, which X-Webhook-Signature is not made for: use the secret",
    );
  }
  const bytes = decodeBase64(secret.slice("whpk_".length));
  if (bytes?.length !== PUBLIC_KEY_BYTES) {
    throw invalid(
      name,
      `begins with whpk_, but is not the base64 of ${PUBLIC_KEY_BYTES} bytes behind it`,
    );
  }
  return bytes;
}

function checkText(secret: unknown, name: string): string {
  if (typeof secret !== "string") {
    throw invalid(name, `is ${secret === null ? "null" : typeof secret}, not text: is it set?`);
  }
  if (secret === "") throw invalid(name, "is empty: is it set?");
  if (/[\r\n]$/.test(secret)) {
    throw invalid(name, "has a newline at its end: take it away where the secret is read");
  }
  if (!/^[ -~]*$/.test(secret)) throw invalid(name, "has characters that are not printable ASCII");
  if (secret.length < SHORTEST_SECRET || secret.length > LONGEST_SECRET) {
    const bounds = `${SHORTEST_SECRET} to ${LONGEST_SECRET}`;
    throw invalid(name, `has ${secret.length} characters instead of ${bounds}: is it all there?`);
  }
  return secret;
}

function invalid(name: string, what: string): VerificationError {
  return new VerificationError("invalid_secret", `${name} ${what}.`);
}

function ownBytes(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
