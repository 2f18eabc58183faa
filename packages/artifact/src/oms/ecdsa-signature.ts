/**
 * Turns an ECDSA P-256 signature from DER, `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279, 2.2.3),
 * as Sigstore stores it, into r‖s of 64 bytes, as WebCrypto wants it. Strict DER only.
 *
 * @returns undefined when it is not such a sequence
 */
export function derToRawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const raw = new Uint8Array(64);
  let offset = 2;
  for (const end of [32, 64]) {
    const length = der[offset + 1] ?? 0;
    const integer = der.subarray(offset + 2, offset + 2 + length);
    if (der[offset] !== 0x02 || length === 0 || integer.length !== length) return undefined;
    if ((integer[0] ?? 0) >= 0x80) return undefined; // negative
    const padded = integer[0] === 0;
    if (padded && length > 1 && (integer[1] ?? 0) < 0x80) return undefined; // not minimal
    const magnitude = padded ? integer.subarray(1) : integer;
    if (magnitude.length > 32) return undefined;
    raw.set(magnitude, end - magnitude.length);
    offset += 2 + length;
  }
  return offset === der.length ? raw : undefined;
}
