import type { Turn } from './turns.js';
import {
  appendVector,
  compactVectors,
  createVectorTable,
  removeVector,
  type VectorTable,
} from './vector-table.js';
import {
  appendText,
  type Bm25,
  compactTexts,
  createWordTable,
  removeText,
  type WordTable,
} from './word-table.js';

/** An item has a slot, the next in order. A slot that was removed stays empty until the index is compacted. */
export interface IndexState {
  readonly bm25: Bm25;
  /** By slot; undefined where it was removed. */
  readonly ids: (string | undefined)[];
  readonly slotOf: Map<string, number>;
  readonly words: WordTable;
  readonly vectors: VectorTable;
}

/** An item of an index: with words to be found by, a vector, or both. */
export interface IndexItem {
  readonly id: string;
  /** At most a million characters. Its words are kept, and not the text. */
  readonly text?: string | undefined;
  /** Finite numbers, as many as in all others. Its length does not matter. */
  readonly vector?: Float32Array | undefined;
}

export function createState(bm25: Bm25, dimensions: number | undefined): IndexState {
  return {
    bm25,
    ids: [],
    slotOf: new Map(),
    words: createWordTable(),
    vectors: createVectorTable(dimensions),
  };
}

/** Replaces an item of the same id. */
export async function appendItem(state: IndexState, item: IndexItem, turn: Turn): Promise<void> {
  removeItem(state, item.id);
  await appendText(state.words, item.text, turn);
  appendVector(state.vectors, item.vector);
  state.slotOf.set(item.id, state.ids.length);
  state.ids.push(item.id);
}

/** @returns whether there was one of that id */
export function removeItem({ ids, slotOf, words, vectors }: IndexState, id: string): boolean {
  const slot = slotOf.get(id);
  if (slot === undefined) return false;
  slotOf.delete(id);
  ids[slot] = undefined;
  removeText(words, slot);
  removeVector(vectors, slot);
  return true;
}

/** Makes room of empty slots when they are more than the others. */
export async function compactIfSparse(state: IndexState, turn: Turn): Promise<void> {
  if (state.ids.length > 2 * state.slotOf.size) await compact(state, turn);
}

/** Moves items up to the empty slots before them. Their order stays. */
export async function compact(state: IndexState, turn: Turn): Promise<void> {
  const { ids, slotOf, words, vectors } = state;
  if (ids.length === slotOf.size) return;
  const moved = new Int32Array(ids.length).fill(-1);
  let kept = 0;
  for (let slot = 0; slot < ids.length; slot += 1) {
    const id = ids[slot];
    if (id === undefined) continue;
    moved[slot] = kept;
    slotOf.set(id, kept);
    ids[kept] = id;
    kept += 1;
  }
  ids.length = kept;
  await compactTexts(words, moved, turn);
  await compactVectors(vectors, moved, turn);
}
