// Signatures by Web Crypto, for runtimes that are not Node. subtle.verify compares in
// constant time.

import { concat } from "../bytes.js";
import type { Primitives } from "./primitives.js";

const SIGNATURE_BYTES = 64;

export const primitives: Primitives = {
  async hmacSha256(key) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const imported = await crypto.subtle.importKey("raw", own(key), algorithm, false, ["verify"]);
    return (message, signature) =>
      crypto.subtle.verify("HMAC", imported, own(signature), concat(message));
  },

  async ed25519(publicKey) {
    const imported = await crypto.subtle.importKey("raw", own(publicKey), "Ed25519", false, [
      "verify",
    ]);
    // workerd throws at a signature of another length.
    return (message, signature) =>
      signature.length === SIGNATURE_BYTES &&
      crypto.subtle.verify("Ed25519", imported, own(signature), concat(message));
  },
};

/** The bytes in a buffer that nobody shares, as Web Crypto wants them. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
