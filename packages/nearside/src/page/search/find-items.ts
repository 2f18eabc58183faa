import { requireVector } from './check-items.js';
import type { IndexState } from './index-state.js';
import type { Turn } from './turns.js';
import { scoreVectors } from './vector-table.js';
import { scoreTexts } from './word-table.js';

/** A query by words, by meaning, or by both. */
export interface SearchQuery {
  /** Found by its words: at most a million characters. */
  readonly text?: string | undefined;
  /** Found by the cosine with it. It comes from the model, and the version, that gave the items' vectors. */
  readonly vector?: Float32Array | undefined;
}

export interface FoundItem {
  readonly id: string;
  /** `words` or `meaning`. With both it is their sum, each in standard deviations above the mean of all items. */
  readonly score: number;
  /** BM25 of the text, from 0 on; undefined unless the query and the item have one. */
  readonly words?: number | undefined;
  /** Cosine of the vectors, −1 to 1; undefined unless the query and the item have one. */
  readonly meaning?: number | undefined;
}

/**
 * The best items of all, exactly.
 *
 * @throws NearsideError `input-invalid` for a vector of another length
 */
export async function findItems(
  { ids, words: texts, vectors, bm25 }: IndexState,
  { text, vector }: SearchQuery,
  { top, turn }: { top: number; turn: Turn },
): Promise<readonly FoundItem[]> {
  if (vector) {
    requireVector('search', vector, { of: 'the query', dimensions: vectors.dimensions });
  }
  const words = text === undefined ? undefined : await scoreTexts(texts, text, bm25, turn);
  const meaning = vector && (await scoreVectors(vectors, vector, turn));
  const both = words && meaning && (await addUp([words, meaning], ids, turn));
  const scores = (both ?? words ?? meaning) as Float64Array;
  const above = meaning ? -Infinity : 0; // it has none of the words
  const slots = await bestSlots(scores, { top, above, turn });
  return slots.map((slot) => ({
    id: ids[slot] as string,
    score: scores[slot] as number,
    words: scoreIn(words, slot),
    meaning: scoreIn(meaning, slot),
  }));
}

function scoreIn(scores: Float64Array | undefined, slot: number): number | undefined {
  const score = scores?.[slot];
  return score === -Infinity ? undefined : score;
}

/**
 * Scores are added in standard deviations above the mean of all items that have one: ranks would forget by how much
 * the first is ahead. What an item lacks says nothing about it.
 */
async function addUp(
  all: readonly Float64Array[],
  ids: IndexState['ids'],
  turn: Turn,
): Promise<Float64Array> {
  const sums = new Float64Array(ids.length);
  for (const scores of all) {
    addStandardised(sums, scores);
    if (turn.isSliceOver) await turn.nextSlice();
  }
  return sums.map((sum, slot) => (ids[slot] === undefined ? -Infinity : sum));
}

/** Deviations of less than this share of the mean come of rounding. */
const ROUNDING = 1e-12;

/** Adds nothing where an item has no score, or where all are equal. */
function addStandardised(sums: Float64Array, scores: Float64Array): void {
  let n = 0;
  let sum = 0;
  for (let slot = 0; slot < scores.length; slot += 1) {
    const score = scores[slot] as number;
    if (score === -Infinity) continue;
    n += 1;
    sum += score;
  }
  const mean = sum / n;
  let squares = 0;
  for (let slot = 0; slot < scores.length; slot += 1) {
    const score = scores[slot] as number;
    if (score !== -Infinity) squares += (score - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / n);
  if (!(deviation > ROUNDING * Math.abs(mean))) return;
  for (let slot = 0; slot < scores.length; slot += 1) {
    const score = scores[slot] as number;
    if (score !== -Infinity) sums[slot] = (sums[slot] as number) + (score - mean) / deviation;
  }
}

/** The slots with the highest scores, the best first; of equal scores the one that was added first. */
async function bestSlots(
  scores: Float64Array,
  { top, above, turn }: { top: number; above: number; turn: Turn },
): Promise<number[]> {
  const best: number[] = [];
  const cut = () => {
    best.sort((one, other) => (scores[other] as number) - (scores[one] as number)); // it is stable
    best.length = Math.min(best.length, top);
  };
  let least = above;
  for (let slot = 0; slot < scores.length; slot += 1) {
    if (!((scores[slot] as number) > least)) continue;
    best.push(slot);
    if (best.length < 2 * top) continue;
    cut();
    least = scores[best.at(-1) as number] as number;
    if (turn.isSliceOver) await turn.nextSlice();
  }
  cut();
  return best;
}
