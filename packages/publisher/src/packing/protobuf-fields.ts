import { modelInvalid } from '../errors/model-invalid.js';

/**
 * One field of a protobuf message by where it lies: offsets into the whole file, in bytes. Wire
 * format: https://protobuf.dev/programming-guides/encoding
 */
export interface ProtobufField {
  readonly number: number;
  /** Offset of its tag. */
  readonly start: number;
  readonly end: number;
  /** Offset of the content of a string, a message or a packed list, which ends at `end`. */
  readonly contentStart: number;
  /** Value of a varint, signed as int64 and enums are; 0 for other fields. */
  readonly value: number;
  /** True for a string, a message or a packed list. */
  readonly hasContent: boolean;
}

/** Where a message lies, or a field's content. */
export type MessageRange = Pick<ProtobufField, 'contentStart' | 'end'>;

/**
 * The fields of the message between two offsets, in the order they are written.
 *
 * @throws NearsideError `model-invalid` where the bytes are no message
 */
export function* readFields(
  bytes: Uint8Array,
  { start, end }: { start: number; end: number },
): Generator<ProtobufField> {
  let offset = start;
  while (offset < end) {
    const tag = readVarint(bytes, offset, end);
    const number = Math.floor(tag.value / 8);
    if (number < 1) throw notProtobuf(offset);
    const field = readField(bytes, { wireType: tag.value % 8, offset: tag.end, end });
    yield { number, start: offset, ...field };
    offset = field.end;
  }
}

/** The integers of a repeated field's content, packed into one list. */
export function* readPacked(
  bytes: Uint8Array,
  { contentStart, end }: ProtobufField,
): Generator<number> {
  for (let offset = contentStart; offset < end; ) {
    const varint = readVarint(bytes, offset, end);
    yield varint.value;
    offset = varint.end;
  }
}

export function readText(bytes: Uint8Array, { contentStart, end }: ProtobufField): string {
  return new TextDecoder().decode(bytes.subarray(contentStart, end));
}

/** The text of a message's last field of a number; empty without one. */
export function textIn(bytes: Uint8Array, range: MessageRange, number: number): string {
  let text = '';
  for (const field of readFields(bytes, { start: range.contentStart, end: range.end })) {
    if (field.number === number && field.hasContent) text = readText(bytes, field);
  }
  return text;
}

/**
 * Writes a message anew.
 *
 * @param replace the fields that take a field's place; undefined keeps it as it is
 */
export function rewrite(...of: Parameters<typeof rewriteParts>): Uint8Array {
  return Buffer.concat(rewriteParts(...of));
}

/** As {@link rewrite}, in parts: what is kept is not copied. */
export function rewriteParts(
  bytes: Uint8Array,
  { contentStart, end }: MessageRange,
  replace: (field: ProtobufField) => readonly Uint8Array[] | undefined,
): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const field of readFields(bytes, { start: contentStart, end })) {
    const replaced = replace(field) ?? [bytes.subarray(field.start, field.end)];
    for (const part of replaced) parts.push(part);
  }
  return parts;
}

/** Writes a string, a message or a packed list. */
export function bytesField(number: number, content: string | Uint8Array): Buffer {
  return Buffer.concat(
    partsField(number, [typeof content === 'string' ? Buffer.from(content) : content]),
  );
}

/** As {@link bytesField}, of a content in parts, which are not copied. */
export function partsField(number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((total, part) => total + part.length, 0);
  return [varint(number * 8 + 2), varint(length), ...parts];
}

/** Writes an integer of 0 or more. */
export function intField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

/** Writes a float of 32 bits. */
export function floatField(number: number, value: number): Buffer {
  const float = Buffer.alloc(Float32Array.BYTES_PER_ELEMENT);
  float.writeFloatLE(value);
  return Buffer.concat([varint(number * 8 + 5), float]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const seven = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? seven + 128 : seven);
  } while (rest > 0);
  return Buffer.from(bytes);
}

function readField(
  bytes: Uint8Array,
  { wireType, offset, end }: { wireType: number; offset: number; end: number },
): Omit<ProtobufField, 'number' | 'start'> {
  switch (wireType) {
    case 0: {
      const varint = readVarint(bytes, offset, end);
      return { contentStart: offset, end: varint.end, value: varint.value, hasContent: false };
    }
    case 1:
      return fixed(offset, 8, end);
    case 2: {
      const size = readVarint(bytes, offset, end);
      if (size.value < 0 || size.value > end - size.end) throw notProtobuf(offset);
      const contentEnd = size.end + size.value;
      return { contentStart: size.end, end: contentEnd, value: 0, hasContent: true };
    }
    case 5:
      return fixed(offset, 4, end);
    default:
      throw notProtobuf(offset); // 3 and 4 are groups, which ONNX does not use
  }
}

function fixed(offset: number, sizeBytes: number, end: number) {
  if (sizeBytes > end - offset) throw notProtobuf(offset);
  return { contentStart: offset, end: offset + sizeBytes, value: 0, hasContent: false };
}

/** A varint has seven bits a byte, lowest first, and at most ten bytes. The highest bit means that more follow. */
function readVarint(bytes: Uint8Array, start: number, end: number) {
  const first = bytes[start] as number;
  if (start < end && first < 128) return { value: first, end: start + 1 }; // as most are
  let value = 0n;
  for (let i = 0; i < 10 && start + i < end; i++) {
    const byte = bytes[start + i] as number;
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value: Number(BigInt.asIntN(64, value)), end: start + i + 1 };
  }
  throw notProtobuf(start);
}

function notProtobuf(offset: number) {
  return modelInvalid(
    `Expected a whole ONNX model, got bytes that none has at ${offset}: another file, or a part of one.`,
    { offset },
  );
}
