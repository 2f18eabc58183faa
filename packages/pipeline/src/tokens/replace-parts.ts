import { readCharsmap } from './charsmap.js';
import { bestPieces, type UnigramFile, type UnigramModel } from './unigram.js';

export type Config = Readonly<Record<string, unknown>>;

/** A `tokenizer.json`, as far as it is looked at here. */
export interface TokenizerFile {
  readonly padding?: { readonly pad_id?: number } | null;
  readonly added_tokens?: readonly { readonly single_word?: boolean }[];
  readonly normalizer: Config | null;
  readonly pre_tokenizer: Config | null;
  readonly post_processor: Config | null;
  readonly model: Config;
}

/** Parts of the library's tokenizer. Its own types do not resolve. */
export interface LibraryTokenizer {
  readonly normalizer: Part | null;
  readonly pre_tokenizer: Part | null;
  readonly model: Model;
  readonly post_processor:
    | ((pieces: string[]) => { tokens: string[]; token_type_ids?: number[] })
    | null;
  /** By their contents, as they are and normalized. */
  readonly added_tokens_map: ReadonlyMap<string, { readonly id: number }>;
  tokenize(text: string): string[];
  token_to_id(piece: string): number | undefined;
}

interface Model extends UnigramModel {
  readonly vocab: readonly string[];
  readonly unk_token?: string;
  readonly unk_token_id?: number;
  fuse_unk: boolean;
  encode(words: string[]): string[];
}

/** A normalizer has `normalize`, a pre-tokenizer the other; those that are sequences hold more. */
interface Part {
  readonly normalizers?: readonly (Part | null)[];
  readonly tokenizers?: readonly (Part | null)[];
  normalize(text: string): string;
  pre_tokenize_text(text: string, options?: object): string[];
}

/**
 * Replaces the parts by which `@huggingface/tokenizers` differs from the Rust library.
 *
 * @throws Error for parts that are not known
 */
export function replaceParts(tokenizer: LibraryTokenizer, file: TokenizerFile): void {
  if (file.added_tokens?.some(({ single_word }) => single_word)) {
    throw unknownPart("added tokens of 'single_word'");
  }
  replaceModel(tokenizer.model, file.model);
  for (const [part, config] of partsOf(tokenizer.normalizer, file.normalizer)) {
    replaceNormalizer(part, config);
  }
  for (const [part, config] of partsOf(tokenizer.pre_tokenizer, file.pre_tokenizer)) {
    replacePreTokenizer(part, config);
  }
}

/** The parts of a sequence, and of sequences in it, each with what the file says of it. */
function partsOf(
  part: Part | null | undefined,
  config: Config | null | undefined,
): [Part, Config][] {
  if (!part || !config) return [];
  const parts = part.normalizers ?? part.tokenizers;
  const configs = (config.normalizers ?? config.pretokenizers) as Config[];
  return parts?.flatMap((one, i) => partsOf(one, configs[i])) ?? [[part, config]];
}

/** The library gives unknown characters of different words as one, and fails for long texts. */
function replaceModel(model: Model, config: Config): void {
  const { type = Array.isArray(config.vocab) ? 'Unigram' : 'WordPiece' } = config;
  if (type === 'Unigram') {
    const pieces = bestPieces(model, config as unknown as UnigramFile);
    model.fuse_unk = false;
    model.encode = (words) => words.flatMap(pieces);
  } else if (type === 'BPE' && model.fuse_unk) {
    const encode = model.encode.bind(model);
    const isAgain = (piece: string, i: number, all: string[]) =>
      piece === model.unk_token && piece === all[i - 1];
    model.fuse_unk = false;
    model.encode = (words) =>
      words.flatMap((word) => encode([word]).filter((...piece) => !isAgain(...piece)));
  } else if (type !== 'BPE' && type !== 'WordPiece') throw unknownPart(type);
}

/** Chinese characters beyond the first 65,536 stand alone as well. */
const MORE_CHINESE =
  /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

function replaceNormalizer(part: Part, { type, ...config }: Config): void {
  if (type === 'BertNormalizer' && config.handle_chinese_chars) {
    const normalize = part.normalize.bind(part);
    part.normalize = (text) => normalize(text.replace(MORE_CHINESE, ' $& '));
  } else if (type === 'Prepend') {
    part.normalize = (text) => (text === '' ? '' : `${config.prepend}${text}`);
  } else if (type === 'Precompiled') {
    part.normalize = readCharsmap(config.precompiled_charsmap as string);
  }
}

/** Characters of words, and of punctuation, as such files mean them. */
const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]';
const PUNCTUATION = '\\p{P}$+<=>^`|~';

function replacePreTokenizer(part: Part, { type, behavior, ...config }: Config): void {
  switch (type) {
    case 'Metaspace': {
      if (config.split === false) return;
      const replace = part.pre_tokenize_text.bind(part);
      const { replacement = '▁' } = config as { replacement?: string };
      part.pre_tokenize_text = (text, options) =>
        replace(text, options).flatMap((words) => splitBefore(words, replacement));
      return;
    }
    case 'Whitespace':
      part.pre_tokenize_text = allOf(`${WORD}+|(?:(?!${WORD})\\P{White_Space})+`);
      return;
    case 'Digits':
      part.pre_tokenize_text = allOf(`\\P{N}+|\\p{N}${config.individual_digits ? '' : '+'}`);
      return;
    case 'Punctuation':
      if (behavior !== 'Isolated') throw unknownPart(`${type} that is ${behavior}`);
      part.pre_tokenize_text = allOf(`[^${PUNCTUATION}]+|[${PUNCTUATION}]`);
      return;
    case 'Split':
      if (behavior !== 'Isolated' && behavior !== 'Removed') {
        throw unknownPart(`${type} that is ${behavior}`);
      }
  }
}

function allOf(pattern: string): (text: string) => string[] {
  const regularExpression = new RegExp(pattern, 'gu');
  return (text) => text.match(regularExpression) ?? [];
}

function splitBefore(words: string, mark: string): string[] {
  const [first = '', ...others] = words.split(mark);
  const marked = others.map((word) => mark + word);
  return first === '' ? marked : [first, ...marked];
}

function unknownPart(name: unknown): Error {
  return new Error(`expected parts that are known here, got ${name}`);
}
