// What the library needs of a runtime's cryptography. node.ts and web.ts are the two
// implementations; `imports` of package.json says which runtime gets which as #crypto.

/** Whether this signature was made of the message, its parts in a row. In constant time. */
export type Check = (
  message: readonly Uint8Array[],
  signature: Uint8Array,
) => boolean | Promise<boolean>;

export interface Primitives {
  hmacSha256(key: Uint8Array): Check | Promise<Check>;
  ed25519(publicKey: Uint8Array): Check | Promise<Check>;
}
