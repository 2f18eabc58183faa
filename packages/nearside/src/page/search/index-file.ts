import { sha256, sha256Hex } from '@nearside/artifact';
import { kindOf, NearsideError, sum } from '@nearside/core';
import { inWords } from '../../shared/check-options.js';
import {
  type Header,
  type ItemRow,
  type PartFacts,
  parseHeader,
  parseItems,
  parseWords,
  requireSound,
  type WordRow,
} from './index-parts.js';
import { createState, type IndexState } from './index-state.js';
import type { Turn } from './turns.js';
import { appendBlock, blockToSave, fitsNextBlock } from './vector-table.js';
import type { Postings } from './word-table.js';

/**
 * A saved index: these 8 bytes, its version and the size of its header (32 bits each, the lowest byte first), the SHA-256
 * of the header, the header in JSON, and the parts that the header lists with their sizes and their SHA-256.
 */
const MAGIC = 'nearsidx';
const VERSION = 1;
const BEFORE_HEADER_BYTES = 48;

/** Parts are so small that none takes the page long. */
const ITEMS_PER_PART = 10_000;
const POSTINGS_PER_PART = 131_072;

type Part =
  /** In the order of their slots. */
  | { readonly kind: 'items'; readonly rows: readonly ItemRow[] }
  /** Their postings follow. */
  | { readonly kind: 'words'; readonly rows: readonly WordRow[] }
  /** The slots of these words one after another, then their counts. */
  | { readonly kind: 'postings'; readonly numbers: Uint32Array<ArrayBuffer> }
  /** A block of vectors, as it is in memory; of no numbers where it has none. */
  | { readonly kind: 'vectors'; readonly numbers: Float32Array<ArrayBuffer> };

/** @throws NearsideError `insecure-context`; `signal.reason` */
export async function writeIndex(state: IndexState, turn: Turn): Promise<Blob> {
  const { bm25, vectors } = state;
  const facts: PartFacts[] = [];
  const bodies: Blob[] = [];
  for (const part of partsOf(state)) {
    const bytes = bytesOf(part);
    facts.push({ kind: part.kind, bytes: bytes.length, sha256: await sha256Hex(bytes) });
    bodies.push(new Blob([bytes]));
    if (turn.isSliceOver) await turn.nextSlice();
  }
  const { dimensions } = vectors;
  const header: Header = { ...bm25, dimensions, parts: facts };
  const headerBytes = inJson(header);
  return new Blob([await beforeHeader(headerBytes), headerBytes, ...bodies]);
}

async function beforeHeader(header: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(BEFORE_HEADER_BYTES);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, header.length, true);
  bytes.set(await sha256(header), 16);
  return bytes;
}

function* partsOf({ ids, words, vectors }: IndexState): Generator<Part, void, void> {
  for (let from = 0; from < ids.length; from += ITEMS_PER_PART) {
    const rows = ids
      .slice(from, from + ITEMS_PER_PART)
      .map(
        (id, i): ItemRow => [
          id as string,
          words.lengths[from + i] as number,
          (vectors.inverseNorms[from + i] as number) < 0 ? 0 : 1,
        ],
      );
    yield { kind: 'items', rows };
  }
  yield* wordParts(words.postings);
  for (const index of vectors.blocks.keys()) {
    yield { kind: 'vectors', numbers: blockToSave(vectors, index) };
  }
}

function* wordParts(postings: ReadonlyMap<string, Postings>): Generator<Part, void, void> {
  let taken: [string, Postings][] = [];
  let size = 0;
  for (const entry of postings) {
    taken.push(entry);
    size += entry[1].slots.length;
    if (size < POSTINGS_PER_PART) continue;
    yield* wordPart(taken, size);
    taken = [];
    size = 0;
  }
  if (size > 0) yield* wordPart(taken, size);
}

function* wordPart(
  words: readonly [string, Postings][],
  size: number,
): Generator<Part, void, void> {
  const numbers = new Uint32Array(2 * size);
  let at = 0;
  for (const [, { slots, counts }] of words) {
    numbers.set(slots, at);
    numbers.set(counts, size + at);
    at += slots.length;
  }
  yield { kind: 'words', rows: words.map(([word, { slots }]) => [word, slots.length]) };
  yield { kind: 'postings', numbers };
}

function bytesOf(part: Part): Uint8Array<ArrayBuffer> {
  if ('rows' in part) return inJson(part.rows);
  const { buffer, byteOffset, byteLength } = part.numbers;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function inJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

/**
 * @throws NearsideError `input-invalid` for what is no index, `version-unsupported`, `size-mismatch`, `digest-mismatch`,
 *   `insecure-context`; `signal.reason`
 */
export async function readIndex(saved: SavedIndex, turn: Turn): Promise<IndexState> {
  const source = sourceOf(saved);
  const { header, headerBytes } = await readHeader(source);
  const expectedBytes = header.parts.reduce(
    (sum, { bytes }) => sum + bytes,
    BEFORE_HEADER_BYTES + headerBytes,
  );
  if (source.bytes !== expectedBytes) throw wrongSize(expectedBytes, source.bytes);
  const { k1, b, dimensions, parts } = header;
  const state = createState({ k1, b }, dimensions);
  let at = BEFORE_HEADER_BYTES + headerBytes;
  let words: readonly WordRow[] = [];
  for (const [number, { kind, bytes, sha256 }] of parts.entries()) {
    const part = `part ${number} (${kind})`;
    const body = await source.read(at, at + bytes);
    at += bytes;
    if ((await sha256Hex(body)) !== sha256) throw damaged(part);
    if (kind === 'words') words = parseWords(body, part);
    else if (kind === 'items') readItems(state, parseItems(body, part), part);
    else requireSound(body.length % 4 === 0, part);
    if (kind === 'postings') readPostings(state, words, new Uint32Array(body.buffer), part);
    if (kind === 'vectors') readVectors(state, new Float32Array(body.buffer), part);
    if (turn.isSliceOver) await turn.nextSlice();
  }
  return state;
}

/** The bytes may be a part of a buffer, as Node's Buffer mostly is. */
type SavedIndex = Blob | ArrayBuffer | Uint8Array;

interface Source {
  readonly bytes: number;
  /** In a buffer of its own. */
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
}

function sourceOf(saved: SavedIndex): Source {
  if (/^(ArrayBuffer|Uint8Array)$/.test(kindOf(saved))) {
    const bytes = ArrayBuffer.isView(saved) ? saved : new Uint8Array(saved as ArrayBuffer);
    return {
      bytes: bytes.length,
      read: async (from, to) => new Uint8Array(bytes.subarray(from, to)),
    };
  }
  if (!/^(Blob|File)$/.test(kindOf(saved))) throw noIndex(inWords(saved));
  const blob = saved as Blob;
  return {
    bytes: blob.size,
    read: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()),
  };
}

async function readHeader(source: Source): Promise<{ header: Header; headerBytes: number }> {
  const before = await source.read(0, BEFORE_HEADER_BYTES);
  const magic = new TextDecoder().decode(before.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw noIndex(`${source.bytes} bytes of something else`);
  if (before.length < BEFORE_HEADER_BYTES) throw wrongSize(BEFORE_HEADER_BYTES, before.length);
  const view = new DataView(before.buffer);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw otherVersion(version);
  const headerBytes = view.getUint32(12, true);
  const bytes = await source.read(BEFORE_HEADER_BYTES, BEFORE_HEADER_BYTES + headerBytes);
  if (bytes.length < headerBytes) {
    throw wrongSize(BEFORE_HEADER_BYTES + headerBytes, source.bytes);
  }
  const hash = await sha256(bytes);
  if (hash.some((byte, i) => byte !== before[16 + i])) throw damaged('the header');
  return { header: parseHeader(bytes), headerBytes };
}

function readItems(
  { ids, slotOf, words, vectors }: IndexState,
  rows: readonly ItemRow[],
  part: string,
): void {
  for (const [id, length, hasVector] of rows) {
    slotOf.set(id, ids.length);
    ids.push(id);
    words.lengths.push(length);
    vectors.inverseNorms.push(hasVector ? 0 : -1);
  }
  requireSound(slotOf.size === ids.length, part); // else an id is there twice
}

function readPostings(
  { ids, words }: IndexState,
  rows: readonly WordRow[],
  numbers: Uint32Array,
  part: string,
): void {
  const size = numbers.length / 2;
  requireSound(sum(rows.map(([, n]) => n)) === size, part);
  let at = 0;
  for (const [word, n] of rows) {
    const slots = [...numbers.subarray(at, at + n)];
    const counts = [...numbers.subarray(size + at, size + at + n)];
    const areInOrder = slots.every((slot, i) => i === 0 || slot > (slots[i - 1] as number));
    requireSound(areInOrder && (slots.at(-1) ?? 0) < ids.length && !counts.includes(0), part);
    words.postings.set(word, { slots, counts });
    at += n;
  }
}

function readVectors(
  { vectors }: IndexState,
  numbers: Float32Array<ArrayBuffer>,
  part: string,
): void {
  requireSound(fitsNextBlock(vectors, numbers) && numbers.every(Number.isFinite), part);
  appendBlock(vectors, numbers);
}

function noIndex(got: string): NearsideError {
  return new NearsideError(
    'input-invalid',
    `loadIndex: expected a Blob, an ArrayBuffer or a Uint8Array that \`save\` of an index wrote, got ${got}.`,
  );
}

function otherVersion(version: number): NearsideError {
  return new NearsideError(
    'version-unsupported',
    `loadIndex: expected an index of version ${VERSION}, got version ${version}. Make it anew from its items.`,
    { details: { expected: VERSION, version } },
  );
}

function wrongSize(expected: number, bytes: number): NearsideError {
  return new NearsideError(
    'size-mismatch',
    `loadIndex: expected an index of ${expected} bytes, got ${bytes}. Was it written or downloaded in full?`,
    { details: { expected, bytes } },
  );
}

function damaged(part: string): NearsideError {
  return new NearsideError(
    'digest-mismatch',
    `loadIndex: expected ${part} as it was saved, got other bytes. Make the index anew from its items.`,
    { details: { part } },
  );
}
