import { kindOf } from '@nearside/core';

/**
 * Copies an input for `redact`, which may change it in place, or close it. A Blob, and an element of the page that is no
 * canvas, stay as they are.
 *
 * @param closable gets the copies that have to be closed afterwards
 */
export function copyInput(input: unknown, closable: Closable[]): unknown {
  const kind = kindOf(input);
  if (kind === 'HTMLCanvasElement' || kind === 'OffscreenCanvas')
    return copyCanvas(input as Canvas);
  if (kind === 'AudioBuffer') return copySound(input as AudioBuffer);
  if (/^(?:Shared)?ArrayBuffer$/.test(kind)) return bytesOf(input as ArrayBufferLike).buffer;
  if (ArrayBuffer.isView(input)) {
    const views = globalThis as unknown as Record<string, new (bytes: ArrayBuffer) => unknown>;
    return new (views[kind] as new (bytes: ArrayBuffer) => unknown)(bytesOf(input).buffer);
  }
  if (Array.isArray(input)) return input.map((item) => copyInput(item, closable));
  if (kind !== 'Object') return cloneOf(input, closable);
  const fields = Object.entries(input as object);
  return Object.fromEntries(fields.map(([name, field]) => [name, copyInput(field, closable)]));
}

/** A frame or a bitmap. */
export interface Closable {
  close(): void;
}

function cloneOf(input: unknown, closable: Closable[]): unknown {
  if (typeof input !== 'object' || input === null || /^(?:Blob|File)$/.test(kindOf(input)))
    return input;
  try {
    const clone: object = structuredClone(input);
    if ('close' in clone) closable.push(clone as Closable);
    return clone;
  } catch {
    return input; // an element
  }
}

type Canvas = HTMLCanvasElement | OffscreenCanvas;

function copyCanvas(canvas: Canvas): Canvas {
  const { width, height } = canvas;
  const copy =
    'cloneNode' in canvas
      ? (canvas.cloneNode() as HTMLCanvasElement)
      : new OffscreenCanvas(width, height);
  if (width > 0 && height > 0) {
    (copy.getContext('2d') as CanvasRenderingContext2D).drawImage(canvas, 0, 0);
  }
  return copy;
}

function copySound(sound: AudioBuffer): AudioBuffer {
  const copy = new AudioBuffer(sound); // its length, rate and channels, without the samples
  for (let i = 0; i < sound.numberOfChannels; i += 1) {
    copy.copyToChannel(sound.getChannelData(i), i);
  }
  return copy;
}

/** Bytes within a kept value, with the kind of object that they are from. */
class KeptBytes {
  readonly kind: string;
  readonly content: Uint8Array<ArrayBuffer> | Blob;
  readonly traits: Readonly<Record<string, string | number>>;

  constructor(kind: string, content: KeptBytes['content'], traits: KeptBytes['traits'] = {}) {
    this.kind = kind;
    this.content = content;
    this.traits = traits;
  }
}

/** A copy that nobody else can change, and that can be written as JSON. */
export interface KeptValue {
  readonly value: unknown;
  /** Memory that it takes, about. */
  readonly sizeBytes: number;
}

/** Lists and objects may be so deep within each other. */
const DEPTH = 8;
/** A number, or the place of a field, bytes. */
const WORD_BYTES = 8;

/**
 * Copies text, numbers, `null`, booleans, lists and plain objects of them, bytes in arrays and buffers, ImageData and
 * Blobs.
 *
 * @throws TypeError for anything else
 * @throws RangeError for more than `maxBytes`
 */
export function keepValue(given: unknown, maxBytes: number): KeptValue {
  let sizeBytes = 0;

  function spend(bytes: number): void {
    sizeBytes += bytes;
    if (sizeBytes > maxBytes) {
      throw new RangeError(`capture: expected at most ${maxBytes} bytes; got more`);
    }
  }

  function copy(value: unknown, depth: number): unknown {
    spend(WORD_BYTES);
    if (typeof value === 'string') spend(2 * value.length);
    if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value)) {
      return value;
    }
    const bytes = copyBytes(value, spend);
    if (bytes) return bytes;
    if (depth < DEPTH && Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
    if (depth < DEPTH && kindOf(value) === 'Object') {
      const fields = Object.entries(value as object).map(([name, field]) => {
        spend(2 * name.length);
        return [name, copy(field, depth + 1)];
      });
      return Object.fromEntries(fields);
    }
    throw new TypeError(`capture: expected text, numbers, bytes or a Blob; got ${kindOf(value)}`);
  }

  return { value: copy(given, 0), sizeBytes };
}

function copyBytes(value: unknown, spend: (bytes: number) => void): KeptBytes | undefined {
  const kind = kindOf(value);
  if (kind === 'Blob' || kind === 'File') {
    const blob = value as Blob;
    spend(blob.size);
    return new KeptBytes('Blob', blob, { type: blob.type });
  }
  if (kind === 'ImageData') {
    const { data, width, height } = value as ImageData;
    spend(data.byteLength);
    return new KeptBytes(kind, bytesOf(data), { width, height });
  }
  if (!ArrayBuffer.isView(value) && kind !== 'ArrayBuffer') return undefined;
  const bytes = value as ArrayBuffer | ArrayBufferView;
  spend(bytes.byteLength);
  return new KeptBytes(kind, bytesOf(bytes));
}

/** Copies bytes, also of shared memory. */
function bytesOf(bytes: ArrayBufferLike | ArrayBufferView): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  return Uint8Array.from(view);
}

/**
 * Makes JSON of it: bytes as `{ $kind, base64 }`, numbers that JSON lacks as `{ $kind: 'number', text }`.
 *
 * @throws the browser's error for a Blob that cannot be read any more
 */
export async function writeKept(value: unknown): Promise<unknown> {
  if (value instanceof KeptBytes) {
    const { kind, content, traits } = value;
    const bytes = new Uint8Array(await new Blob([content]).arrayBuffer());
    return { $kind: kind, ...traits, base64: toBase64(bytes) };
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { $kind: 'number', text: String(value) };
  }
  if (Array.isArray(value)) return Promise.all(value.map(writeKept));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(async ([name, field]) => [name, await writeKept(field)]);
  return Object.fromEntries(await Promise.all(fields));
}

/** More arguments overflow the stack of some browsers. */
const PIECE = 0x2000;

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(text);
}
