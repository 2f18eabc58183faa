import { oneMacrotask } from '../../../shared/timers.js';

/**
 * Messages of an ONNX file that may hold, or lead to, the place of a tensor's values, by the numbers of their fields:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
type Part = 'model' | 'graph' | 'node' | 'attribute' | 'tensor' | 'place';

const PARTS: Readonly<Record<Part, Readonly<Record<number, Part>>>> = {
  model: { 7: 'graph' },
  graph: { 1: 'node', 5: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph' },
  tensor: { 13: 'place' },
  place: {},
};

/** Fields of an entry of a tensor's place: one of its keys is `location`. */
const [KEY, VALUE] = [1, 2];
/** Without this value of its field `data_location`, what a tensor says of another file is left over. */
const [DATA_LOCATION, EXTERNAL] = [14, 1];

/** So much of a file is held at a time: many nodes, and few weights. */
const WINDOW_BYTES = 128 * 1024;
/** A tag and a length, of at most ten bytes each. */
const HEAD_BYTES = 20;
/** A path is not longer, bytes. */
const PATH_BYTES = 4096;

/** A Blob, as far as it is needed. */
type Readable = Pick<Blob, 'size' | 'slice'>;

/**
 * Reads which files an ONNX model has its weights in. It walks over the wire format
 * (https://protobuf.dev/programming-guides/encoding) and skips what is none of their names, so that neither time nor
 * memory hangs on how large its weights are. What is no ONNX model ends it early; loading says so.
 *
 * @param signal is looked at whenever the walk reads on, as a file may be nothing but small fields
 * @returns names as the model has them, relative to its own folder
 * @throws `signal.reason` on abort
 */
export async function readExternalFiles(
  model: Readable,
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const around: { readonly part: Part; readonly end: number }[] = [
    { part: 'model', end: model.size },
  ];
  const window = openWindow(model, signal);
  let offset = 0;
  let key = '';
  let location = '';
  let isExternal = false;
  for (let inner = around.at(-1); inner; inner = around.at(-1)) {
    if (offset >= inner.end) {
      around.pop();
      if (inner.part === 'tensor' && isExternal && location) found.add(location);
      continue;
    }
    if (window.ends(offset + HEAD_BYTES)) await window.move(offset, HEAD_BYTES);
    const field = readField(window.bytes, offset - window.from);
    if (!field || offset + field.end > inner.end) break;
    const { number, start, end, hasContent } = field;
    const part = hasContent ? PARTS[inner.part][number] : undefined;
    if (part) around.push({ part, end: offset + end });
    if (part === 'tensor') {
      location = '';
      isExternal = false;
    }
    if (inner.part === 'tensor' && number === DATA_LOCATION) isExternal = field.value === EXTERNAL;
    if (inner.part === 'place' && hasContent && end - start <= PATH_BYTES) {
      if (window.ends(offset + end)) await window.move(offset, end);
      const content = offset - window.from + start;
      const text = new TextDecoder().decode(window.bytes.subarray(content, content + end - start));
      if (number === KEY) key = text;
      if (number === VALUE && key === 'location') location = text;
    }
    offset += part ? start : end;
  }
  return found;
}

/** The part of a file that is held. It moves forwards. */
function openWindow(file: Readable, signal: AbortSignal | undefined) {
  return {
    bytes: new Uint8Array(),
    /** Offset of these bytes in the file. */
    from: 0,
    /** True where it ends before an offset, and the file does not. */
    ends(offset: number): boolean {
      const end = this.from + this.bytes.length;
      return offset > end && end < file.size;
    },
    /** Holds at least so many bytes from an offset on, unless the file ends before. @throws `signal.reason` */
    async move(offset: number, sizeBytes: number): Promise<void> {
      await oneMacrotask();
      signal?.throwIfAborted();
      const read = file.slice(offset, offset + Math.max(WINDOW_BYTES, sizeBytes));
      this.bytes = new Uint8Array(await read.arrayBuffer());
      this.from = offset;
    },
  };
}

interface Field {
  readonly number: number;
  /** Where its content begins and ends, counted from its tag. */
  readonly start: number;
  readonly end: number;
  /** True for a string or a message. */
  readonly hasContent: boolean;
  /** The number that a varint stands for. */
  readonly value?: number;
}

/** Bytes by wire type. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** @returns undefined where no field is at an offset */
function readField(bytes: Uint8Array, offset: number): Field | undefined {
  const tag = readVarint(bytes, offset);
  const number = Math.floor(tag.value / 8);
  const wireType = tag.value % 8;
  if (!(number >= 1)) return undefined;
  const fixed = FIXED[wireType];
  const tagBytes = tag.end - offset;
  if (fixed) return { number, start: tagBytes, end: tagBytes + fixed, hasContent: false };
  if (wireType !== 0 && wireType !== 2) return undefined; // groups, which ONNX does not use
  const { value, end: valueEnd } = readVarint(bytes, tag.end);
  const start = valueEnd - offset;
  const hasContent = wireType === 2;
  const end = hasContent ? start + value : start;
  return Number.isNaN(end) ? undefined : { number, start, end, hasContent, value };
}

/** Seven bits a byte, the lowest first, at most ten bytes; NaN where there is none. */
function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[start + i] ?? Number.NaN;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: start + i + 1 };
  }
  return { value: Number.NaN, end: Number.NaN };
}
