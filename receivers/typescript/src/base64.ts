// Base64 as signatures and secrets have it. Every runtime has atob and btoa; not every one
// has Buffer.

/** The bytes of padded base64 with nothing around it, or undefined if it is something else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    // atob takes spaces, missing padding and unused bits that are set; printing does not
    // give those back.
    return btoa(binary) === text ? toBytes(binary) : undefined;
  } catch {
    return undefined;
  }
}

// Quads, and what is left of a last one: it may lack its padding, but has no more than that.
const LENIENT = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}={0,2}|[A-Za-z0-9+/]{3}=?)?$/;

/** The bytes of base64 whose padding may lack and whose unused bits do not matter. */
export function decodeLenientBase64(text: string): Uint8Array | undefined {
  return LENIENT.test(text) ? toBytes(atob(text.replace(/=+$/, ""))) : undefined;
}

function toBytes(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let n = 0; n < bytes.length; n += 1) bytes[n] = binary.charCodeAt(n);
  return bytes;
}
