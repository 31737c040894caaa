// Whether one of the signatures that came was made by one of the keys.

import { decodeBase64 } from "./base64.js";
import type { Primitives } from "./crypto/primitives.js";
import { VerificationError } from "./error.js";
import type { Key } from "./secrets.js";

/** How many signatures of one request are looked at. A rotation needs two of each version. */
const MAX_SIGNATURES = 16;
/** How many versions an error names, and how much of each. */
const MAX_NAMED = 4;
const MAX_NAME = 12;

export interface Signature {
  readonly version: string;
  /** What it says, if that can be read: nothing that cannot is right. */
  readonly bytes: Uint8Array | undefined;
}

/** The signatures of webhook-signature: `version,base64` each. */
export function standardSignatures(parts: readonly string[]): readonly Signature[] {
  return parts.slice(0, MAX_SIGNATURES).map((part) => {
    const comma = part.indexOf(",");
    if (comma < 0) return { version: part, bytes: undefined };
    return { version: part.slice(0, comma), bytes: decodeBase64(part.slice(comma + 1)) };
  });
}

/** The signature of X-Webhook-Signature: 64 hex digits. */
export function plainSignatures(hex: string): readonly Signature[] {
  const bytes = new Uint8Array(hex.length / 2);
  for (let n = 0; n < bytes.length; n += 1) {
    bytes[n] = Number.parseInt(hex.slice(2 * n, 2 * n + 2), 16);
  }
  return [{ version: "plain", bytes }];
}

/** Throws unless one of the signatures holds with one of the keys. */
export async function checkSignatures(
  primitives: Primitives,
  keys: readonly Key[],
  message: readonly Uint8Array[],
  signatures: readonly Signature[],
): Promise<void> {
  const versions = new Set<string>(keys.map((key) => key.version));
  const checkable = signatures.filter((signature) => versions.has(signature.version));
  if (checkable.length === 0) throw unsupported(signatures, versions);
  for (const key of keys) {
    const check = await checkWith(primitives, key);
    for (const { version, bytes } of checkable) {
      if (version === key.version && bytes && (await check(message, bytes))) return;
    }
  }
  const detail =
    "No secret made this signature: it is of another webhook or an old one, or the body was changed on its way.";
  throw new VerificationError("no_matching_signature", detail);
}

async function checkWith(primitives: Primitives, key: Key) {
  if (key.version !== "v1a") return primitives.hmacSha256(key.bytes);
  try {
    return await primitives.ed25519(key.bytes);
  } catch (cause) {
    const detail =
      "This runtime cannot check Ed25519 signatures with the public key (whpk_…): use the secret.";
    throw new VerificationError("invalid_secret", detail, { cause });
  }
}

function unsupported(
  signatures: readonly Signature[],
  versions: ReadonlySet<string>,
): VerificationError {
  const there = [...new Set(signatures.map(({ version }) => version.slice(0, MAX_NAME)))];
  const named = there.slice(0, MAX_NAMED).map((version) => JSON.stringify(version));
  const detail =
    `The signatures are of version ${named.join(", ")}, but what was given checks ${[...versions].join(" and ")}: ` +
    "v1 is checked with the secret, v1a with the public key of a signing key.";
  return new VerificationError("unsupported_version", detail);
}
