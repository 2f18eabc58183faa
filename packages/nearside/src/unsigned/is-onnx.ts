/** Fields of `ModelProto` (onnx.proto): its graph; 26 is the highest in use in ONNX 1.18. */
const GRAPH = 7;
const HIGHEST = 63;

/**
 * Whether bytes are an ONNX model as far as its outermost message goes: fields that fill it exactly,
 * with a graph among them. Wire format: https://protobuf.dev/programming-guides/encoding
 */
export function isOnnx(bytes: Uint8Array): boolean {
  let offset = 0;
  let hasGraph = false;

  /** Seven bits a byte, the lowest first, at most ten bytes; NaN where there is none. */
  function readVarint(): number {
    let value = 0;
    for (let i = 0; i < 10; i += 1) {
      const byte = bytes[offset];
      if (byte === undefined) return Number.NaN;
      offset += 1;
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    return Number.NaN;
  }

  while (offset < bytes.length) {
    const tag = readVarint();
    const field = Math.floor(tag / 8);
    const isString = tag % 8 === 2;
    if (!(field >= 1 && field <= HIGHEST)) return false;
    if (!isString && tag % 8 !== 0) return false; // it has no fields of a fixed size, and no groups
    const value = readVarint();
    if (Number.isNaN(value)) return false;
    if (isString) offset += value;
    if (isString && field === GRAPH) hasGraph = true;
  }
  return hasGraph && offset === bytes.length;
}
