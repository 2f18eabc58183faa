/** Order of the P-256 group (FIPS 186-4, D.1.2.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other valid signature of the same text: (r, n − s). ECDSA has always had two. */
export function mirrored(signature) {
  const [r, s] = integersOf(signature);
  return derOf(integer(r), integer(ORDER - s));
}

/** Ways to write a signature that is not one, or not in the one form that DER has. */
export function malformedSignatures(signature) {
  const [r, s] = integersOf(signature);
  const [derR, derS] = [integer(r), integer(s)];
  const body = Buffer.concat([derR, derS]);
  const padded = (bytes) =>
    Buffer.concat([Buffer.of(0x02, bytes.length - 1, 0), bytes.subarray(2)]);
  return [
    ['a byte after it', Buffer.concat([signature, Buffer.of(0)])],
    ['last byte cut off', signature.subarray(0, -1)],
    ['long form of a short length', Buffer.concat([Buffer.of(0x30, 0x81, body.length), body])],
    ['integer with a zero too many', derOf(padded(derR), derS)],
    ['negative r', derOf(integer(r, { negative: true }), derS)],
    ['three integers', derOf(derR, derS, integer(1n))],
    ['one integer', derOf(derR)],
    ['r and s are zero', derOf(integer(0n), integer(0n))],
    ['s plus the order of the group', derOf(derR, integer(s + ORDER))],
    ['empty', Buffer.alloc(0)],
  ];
}

/** The 64 bytes r‖s. */
export function rawOf(signature) {
  return Buffer.concat(integersOf(signature).map(fixed));
}

/** A SEQUENCE of the given elements. */
function derOf(...elements) {
  const body = Buffer.concat(elements);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

/** An INTEGER; when `negative` is asked for, of the same magnitude with its sign bit set. */
function integer(value, { negative = false } = {}) {
  const hex = value.toString(16);
  let bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  if (negative) bytes[0] |= 0x80;
  else if (bytes[0] >= 0x80) bytes = Buffer.concat([Buffer.of(0), bytes]);
  return Buffer.concat([Buffer.of(0x02, bytes.length), bytes]);
}

function integersOf(signature) {
  const lengthOfR = signature[3];
  const r = signature.subarray(4, 4 + lengthOfR);
  const s = signature.subarray(6 + lengthOfR);
  return [r, s].map((bytes) => BigInt(`0x${bytes.toString('hex')}`));
}

function fixed(value) {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}
