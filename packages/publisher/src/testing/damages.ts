/** Damages to a file on its way. Each returns a damaged copy. */
export const DAMAGES: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'first byte flipped': (bytes) => flip(bytes, 0),
  'middle byte flipped': (bytes) => flip(bytes, bytes.length >> 1),
  'last byte flipped': (bytes) => flip(bytes, bytes.length - 1),
  'cut by one byte': (bytes) => bytes.slice(0, -1),
  'one byte longer': (bytes) => Uint8Array.from([...bytes, 0x58]),
  emptied: () => new Uint8Array(),
};

export function flip(bytes: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
