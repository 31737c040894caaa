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

/** The bytes of base64 whose padding may lack and whose unused bits do not matter. */
export function decodeLenientBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]+$/.test(digits) || digits.length % 4 === 1) return undefined;
  return toBytes(atob(digits));
}

function toBytes(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let n = 0; n < bytes.length; n += 1) bytes[n] = binary.charCodeAt(n);
  return bytes;
}
