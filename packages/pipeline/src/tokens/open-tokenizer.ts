import { Tokenizer } from '@huggingface/tokenizers';
import {
  type Config,
  type LibraryTokenizer,
  replaceParts,
  type TokenizerFile,
} from './replace-parts.js';

/** Text → pieces of a vocabulary → their ids. */
export interface OpenedTokenizer {
  /** The largest id that it may give, and one more. */
  readonly size: number;
  /** The id of the piece that pads short texts: 0 where the file names none. */
  readonly padding: number;
  /** True for one that stands for what is in no piece. */
  isUnknown(piece: string): boolean;
  /** Without the special pieces around them. */
  pieces(text: string): readonly string[];
  /** Adds the special pieces around them, and gives ids and types. */
  encode(pieces: readonly string[]): Encoded;
}

export interface Encoded {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/** Names of the piece that pads, where the file says nothing of padding. */
const PADDING = ['[PAD]', '<pad>', '<|padding|>'];

/**
 * Opens the text of a `tokenizer.json`. Text becomes the same pieces as with the Rust library that such files are
 * written for: where `@huggingface/tokenizers` differs from that, its parts are replaced.
 *
 * @throws Error for what is no such file, or has parts that are not known
 */
export function openTokenizer(text: string): OpenedTokenizer {
  const file = JSON.parse(text) as TokenizerFile;
  const tokenizer = new Tokenizer(file, {}) as unknown as LibraryTokenizer;
  replaceParts(tokenizer, file);
  const { model, post_processor: finish, added_tokens_map: added } = tokenizer;
  const unknown = model.unk_token_id ?? undefined; // null in some files
  const idOf = (piece: string) => added.get(piece)?.id ?? tokenizer.token_to_id(piece) ?? unknown;
  requireSpecials(file, tokenizer);
  const named = PADDING.map((piece) => tokenizer.token_to_id(piece)).find((id) => id !== undefined);
  const padding = file.padding?.pad_id ?? named ?? 0;
  return {
    size: sizeOf([...model.tokens_to_ids.values(), padding, unknown ?? 0]),
    padding,
    isUnknown: (piece) => idOf(piece) === unknown,
    pieces: (text) => tokenizer.tokenize(text),
    encode(pieces) {
      const given = [...pieces];
      const { tokens, token_type_ids } = finish?.(given) ?? { tokens: given };
      const ids = tokens.map(idOf).filter((id) => id !== undefined);
      return { ids, types: token_type_ids ?? ids.map(() => 0) };
    },
  };
}

/**
 * Where a file's parts disagree, the Rust library gives the id that is written beside a special piece, and fails at the
 * first text with an unknown one; the library in use gives other ids without a word.
 *
 * @throws Error for a special piece that the vocabulary lacks, or has under another id
 */
function requireSpecials(
  { model: { unk_token }, post_processor }: TokenizerFile,
  tokenizer: LibraryTokenizer,
): void {
  const unknown = typeof unk_token === 'string' && unk_token !== '' ? [[unk_token] as const] : [];
  for (const [piece, id] of [...unknown, ...specialsOf(post_processor)]) {
    const own = tokenizer.added_tokens_map.get(piece)?.id ?? tokenizer.token_to_id(piece);
    if (own !== undefined && (id === undefined || own === id)) continue;
    const [named, has] = [id === undefined ? '' : ` as piece ${id}`, own ?? 'none'];
    throw new Error(`one that names '${piece}'${named}, of which its vocabulary has ${has}`);
  }
}

/** The pieces that are put around a text, with their ids: those of a template, or of BERT's or RoBERTa's ends. */
function specialsOf(finish: Config | null | undefined): (readonly [piece: string, id?: number])[] {
  const { processors = [], special_tokens = {}, cls, sep } = (finish ?? {}) as SpecialParts;
  const ofTemplate = Object.values(special_tokens).flatMap(({ ids, tokens }) =>
    tokens.map((piece, i) => [piece, ids[i]] as const),
  );
  return [
    ...processors.flatMap(specialsOf),
    ...ofTemplate,
    ...[cls, sep].filter((end) => end !== undefined),
  ];
}

interface SpecialParts {
  readonly processors?: readonly Config[];
  readonly special_tokens?: Readonly<
    Record<string, { readonly ids: readonly number[]; readonly tokens: readonly string[] }>
  >;
  readonly cls?: readonly [piece: string, id: number];
  readonly sep?: readonly [piece: string, id: number];
}

/** @throws Error for ids that no table has a row for */
function sizeOf(ids: readonly number[]): number {
  const wrong = ids.find((id) => !Number.isSafeInteger(id) || id < 0);
  if (wrong !== undefined) throw new Error(`expected ids from 0 on, got ${wrong}`);
  return ids.reduce((size, id) => Math.max(size, id + 1), 0);
}
