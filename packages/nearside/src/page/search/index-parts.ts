import { NearsideError } from '@nearside/core';

/** Parts of a saved index as anybody may have written them: hashes that are right say nothing of who did. */

export interface Header {
  readonly k1: number;
  readonly b: number;
  readonly dimensions?: number | undefined;
  readonly parts: readonly PartFacts[];
}

export interface PartFacts {
  readonly kind: 'items' | 'words' | 'postings' | 'vectors';
  readonly bytes: number;
  readonly sha256: string;
}

/** Id, number of words (−1 without a text) and whether there is a vector. */
export type ItemRow = readonly [id: string, words: number, hasVector: 0 | 1];

/** A word, and the number of its postings. */
export type WordRow = readonly [word: string, postings: number];

type Bytes = Uint8Array<ArrayBuffer>;

/** @throws NearsideError `input-invalid` */
export function parseHeader(bytes: Bytes): Header {
  const header = parse(bytes, 'the header') as Partial<Header> | null;
  const { k1 = -1, b = -1, dimensions = 1, parts } = header ?? {};
  const areConstants = Number.isFinite(k1) && k1 >= 0 && Number.isFinite(b) && b >= 0 && b <= 1;
  const isSound = areConstants && isCount(dimensions, 1) && isListOf(parts, arePartFacts);
  requireSound(isSound, 'the header');
  return header as Header;
}

/** @throws NearsideError `input-invalid` */
export function parseItems(bytes: Bytes, part: string): readonly ItemRow[] {
  const rows = parse(bytes, part);
  requireSound(isListOf(rows, isItemRow), part);
  return rows as readonly ItemRow[];
}

/** @throws NearsideError `input-invalid` */
export function parseWords(bytes: Bytes, part: string): readonly WordRow[] {
  const rows = parse(bytes, part);
  requireSound(isListOf(rows, isWordRow), part);
  return rows as readonly WordRow[];
}

/** @throws NearsideError `input-invalid` */
export function requireSound(isSound: boolean, part: string): void {
  if (isSound) return;
  throw new NearsideError(
    'input-invalid',
    `loadIndex: ${part} is not as \`save\` of an index writes it, though its SHA-256 is right. Make it anew from its items.`,
    { details: { part } },
  );
}

function parse(bytes: Bytes, part: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    requireSound(false, part);
    return undefined;
  }
}

function arePartFacts(facts: unknown): boolean {
  const { kind, bytes, sha256 } = (facts ?? {}) as Partial<PartFacts>;
  const isKind = /^(?:items|words|postings|vectors)$/.test(String(kind));
  return isKind && isCount(bytes) && typeof sha256 === 'string';
}

function isItemRow(row: unknown): boolean {
  const [id, words, hasVector] = Array.isArray(row) ? row : [];
  return typeof id === 'string' && isCount(words, -1) && (hasVector === 0 || hasVector === 1);
}

function isWordRow(row: unknown): boolean {
  const [word, postings] = Array.isArray(row) ? row : [];
  return typeof word === 'string' && isCount(postings);
}

function isListOf(list: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(isOne);
}

function isCount(count: unknown, least = 0): boolean {
  return Number.isSafeInteger(count) && (count as number) >= least;
}
