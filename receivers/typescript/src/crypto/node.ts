// Signatures by node:crypto, which needs no copy of the body and no other thread.

import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import type { Primitives } from "./primitives.js";

export const primitives: Primitives = {
  hmacSha256(key) {
    return (message, signature) => {
      const hmac = createHmac("sha256", key);
      for (const part of message) hmac.update(part);
      const expected = hmac.digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    };
  },

  ed25519(publicKey) {
    const x = Buffer.from(publicKey).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return (message, signature) => verify(null, Buffer.concat(message), key, signature);
  },
};
