/** An unknown character costs this much more than the least likely piece (SentencePiece, `kUnkPenalty`). */
const UNKNOWN_PENALTY = 10;

/** Words whose pieces are kept, and their UTF-16 units: most of a text repeats. */
const MOST_WORDS = 10_000;
const LONGEST_WORD = 64;

/** The library's model, as far as it is read here. */
export interface UnigramModel {
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly trie: {
    common_prefix_search(characters: readonly string[], start: number): Iterable<string>;
  };
}

/** A `tokenizer.json` says this of such a model. */
export interface UnigramFile {
  readonly vocab: readonly (readonly [piece: string, score: number])[];
  readonly unk_id?: number | null;
  readonly byte_fallback?: boolean;
}

/** By each place in a word, the best piece that ends there. */
interface BestEnding {
  /** The place where it begins. */
  readonly from: Int32Array;
  /** Its id. */
  readonly found: Int32Array;
}

/**
 * The most likely pieces of a word (Kudo, Subword Regularization, ACL 2018; Viterbi's algorithm). Unknown characters
 * beside each other are one piece, or their bytes where the file says so.
 */
export function bestPieces(
  { trie, tokens_to_ids }: UnigramModel,
  { vocab, unk_id: unknown, byte_fallback }: UnigramFile,
): (word: string) => string[] {
  const ids = new Map(tokens_to_ids); // those of the file alone
  const least = vocab.reduce(
    (least, [, score]) => Math.min(least, score),
    Number.POSITIVE_INFINITY,
  );

  function search(characters: readonly string[]): BestEnding {
    const { length } = characters;
    const best = new Float64Array(length + 1);
    const from = new Int32Array(length + 1).fill(-1);
    const found = new Int32Array(length + 1);
    const offer = (start: number, end: number, id: number, score: number) => {
      const total = (best[start] as number) + score;
      if (from[end] !== -1 && total <= (best[end] as number)) return;
      best[end] = total;
      from[end] = start;
      found[end] = id;
    };
    for (let start = 0; start < length; start++) {
      let isKnown = false;
      for (const piece of trie.common_prefix_search(characters, start)) {
        const end = start + charactersOf(piece);
        const id = ids.get(piece) as number;
        offer(start, end, id, vocab[id]?.[1] as number);
        isKnown ||= end === start + 1;
      }
      if (!isKnown) offer(start, start + 1, unknown ?? -1, least - UNKNOWN_PENALTY);
    }
    return { from, found };
  }

  function split(word: string): string[] {
    const characters = Array.from(word);
    const pieces = readBack(characters, { ...search(characters), unknown: unknown ?? -1 });
    return byte_fallback
      ? pieces.flatMap((piece) => (ids.has(piece) ? piece : bytesOf(piece, ids)))
      : pieces;
  }

  const before = new Map<string, string[]>();
  return (word) => {
    const pieces = before.get(word) ?? split(word);
    if (before.size >= MOST_WORDS) before.clear();
    if (word.length <= LONGEST_WORD) before.set(word, pieces);
    return pieces;
  };
}

/** Follows the best pieces from the end of a word to its beginning. */
function readBack(
  characters: readonly string[],
  { from, found, unknown }: BestEnding & { readonly unknown: number },
): string[] {
  const pieces: string[] = [];
  let isAfterUnknown = false;
  for (let end = characters.length; end > 0; end = from[end] as number) {
    const piece = characters.slice(from[end], end).join('');
    const isUnknown = found[end] === unknown;
    if (isUnknown && isAfterUnknown) pieces.push(piece + (pieces.pop() as string));
    else pieces.push(piece);
    isAfterUnknown = isUnknown;
  }
  return pieces.reverse();
}

function charactersOf(piece: string): number {
  let count = 0;
  for (const _ of piece) count++;
  return count;
}

/** The pieces of an unknown one's bytes, where all of them have one. */
function bytesOf(piece: string, ids: ReadonlyMap<string, number>): string[] {
  const bytes = Array.from(new TextEncoder().encode(piece), (byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
  });
  return bytes.every((byte) => ids.has(byte)) ? bytes : [piece];
}
