import type { Turn } from './turns.js';
import { wordsOf } from './words.js';

/** The constants of BM25. */
export interface Bm25 {
  /** How soon a word that is repeated counts no more. */
  readonly k1: number;
  /** How much long texts are held against: 0 not at all, 1 in full. */
  readonly b: number;
}

/** Where a word is: slots in ascending order, and how often it is in each. */
export interface Postings {
  readonly slots: number[];
  readonly counts: number[];
}

/** An inverted index: by word, the items that have it. */
export interface WordTable {
  /** Words in the text of each slot; −1 where there is none. */
  readonly lengths: number[];
  readonly postings: Map<string, Postings>;
}

/** So many words are read between two looks at the clock. */
const WORDS_PER_LOOK = 512;

export function createWordTable(): WordTable {
  return { lengths: [], postings: new Map() };
}

/** Reads the text of the next slot. */
export async function appendText(
  { lengths, postings }: WordTable,
  text: string | undefined,
  turn: Turn,
): Promise<void> {
  const slot = lengths.length;
  const counts = await countWords(text ?? '', turn);
  let length = 0;
  for (const [word, count] of counts) {
    const of = postings.get(word) ?? { slots: [], counts: [] };
    if (of.slots.length === 0) postings.set(word, of);
    of.slots.push(slot);
    of.counts.push(count);
    length += count;
  }
  lengths.push(text === undefined ? -1 : length);
}

async function countWords(text: string, turn: Turn): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let read = 0;
  for (const word of wordsOf(text)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
    read += 1;
    if (read % WORDS_PER_LOOK === 0 && turn.isSliceOver) await turn.nextSlice();
  }
  return counts;
}

/** Postings of a slot that was removed stay until {@link compactTexts}; they count for nothing. */
export function removeText({ lengths }: WordTable, slot: number): void {
  lengths[slot] = -1;
}

/**
 * BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, section 3.4), summed over the words of
 * the query, each as often as it is there. The weight of a word is ln(1 + (N − n + ½) / (n + ½)), which is that of the
 * paper kept above 0, as Lucene has it: a word in more than half of the texts counts little, not
 * against them.
 *
 * @returns by slot; 0 where no word of the query is in the text, −Infinity where there is no text
 */
export async function scoreTexts(
  { lengths, postings }: WordTable,
  query: string,
  { k1, b }: Bm25,
  turn: Turn,
): Promise<Float64Array> {
  const { scores, texts, meanLength } = startScores(lengths);
  for (const [word, times] of await countWords(query, turn)) {
    const { slots, counts } = postings.get(word) ?? { slots: [], counts: [] };
    const having = slots.reduce((n, slot) => n + ((lengths[slot] as number) < 0 ? 0 : 1), 0);
    const weight = times * Math.log1p((texts - having + 0.5) / (having + 0.5));
    for (let i = 0; i < slots.length; i += 1) {
      const slot = slots[i] as number;
      const length = lengths[slot] as number;
      if (length < 0) continue;
      const count = counts[i] as number;
      const saturation = count + k1 * (1 - b + (b * length) / meanLength);
      scores[slot] = (scores[slot] as number) + (weight * count) / saturation;
    }
    if (turn.isSliceOver) await turn.nextSlice();
  }
  return scores;
}

/** Scores of 0 to add to, the number of texts, and their mean length in words. */
function startScores(lengths: readonly number[]) {
  const scores = new Float64Array(lengths.length);
  let texts = 0;
  let words = 0;
  for (let slot = 0; slot < lengths.length; slot += 1) {
    const length = lengths[slot] as number;
    if (length < 0) {
      scores[slot] = -Infinity;
    } else {
      texts += 1;
      words += length;
    }
  }
  return { scores, texts, meanLength: words / texts };
}

/**
 * Takes what was removed out of the postings.
 *
 * @param moved by slot, where it is from now on; −1 where it was removed. Order is kept
 */
export async function compactTexts(
  { lengths, postings }: WordTable,
  moved: Int32Array,
  turn: Turn,
): Promise<void> {
  let kept = 0;
  for (let slot = 0; slot < lengths.length; slot += 1) {
    if ((moved[slot] as number) >= 0) lengths[kept++] = lengths[slot] as number;
  }
  lengths.length = kept;
  for (const [word, of] of postings) {
    compactPostings(of, moved);
    if (of.slots.length === 0) postings.delete(word);
    if (turn.isSliceOver) await turn.nextSlice();
  }
}

function compactPostings({ slots, counts }: Postings, moved: Int32Array): void {
  let kept = 0;
  for (let i = 0; i < slots.length; i += 1) {
    const to = moved[slots[i] as number] as number;
    if (to < 0) continue;
    slots[kept] = to;
    counts[kept] = counts[i] as number;
    kept += 1;
  }
  slots.length = kept;
  counts.length = kept;
}
