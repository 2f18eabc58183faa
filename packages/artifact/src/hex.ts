/** Bytes → lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/** So many random bytes, as an id that nobody else has. */
export function randomHex(sizeBytes: number): string {
  return toHex(crypto.getRandomValues(new Uint8Array(sizeBytes)));
}

/** Hexadecimal → bytes. Expects an even number of hex digits, as the schemas ensure. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}
