import { sha256Hex } from '@nearside/artifact';
import { type ErrorCode, kindOf, NearsideError } from '@nearside/core';
import type { ModelOf } from '../../shared/api/tasks.js';
import { checkOptions, inWords } from '../../shared/check-options.js';
import { kindWords } from '../../shared/kind-words.js';
import {
  NO_OPTIONS,
  type OptionKinds,
  ownOptions,
  SIGNAL,
  STORE_OF_PAGE,
} from '../../shared/option-kinds.js';
import { type KeptVectors, openVectors, PER_TRANSACTION, type Vector } from './kept-vectors.js';

/** A model that `open` gave, of the task `feature-extraction`. */
export type EmbeddingModel = Pick<ModelOf<'feature-extraction'>, 'score' | 'stats'>;

export interface EmbedAllOptions {
  /** `'auto'` keeps vectors in IndexedDB where there is one; `'memory'` keeps none. */
  readonly store?: 'auto' | 'memory' | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Embedded {
  /** One for each text, in their order. */
  readonly vectors: readonly Vector[];
  /** The version of the model that they are all of. */
  readonly version: string;
  /** Texts that were not run: their vector was kept, or they were given before. */
  readonly hits: number;
  /** The code of the store's failure, from which on nothing was kept. */
  readonly degraded?: ErrorCode | undefined;
}

const KINDS: OptionKinds<keyof EmbedAllOptions> = { store: STORE_OF_PAGE, signal: SIGNAL };

/**
 * The vectors of many texts. They are kept on this device, by the SHA-256 of the text and by the model's version: what
 * was run once is not run again. As soon as one of a new version is kept, those of other versions are deleted.
 *
 * @throws NearsideError `input-invalid` for what is no model or no text, and what `run` throws for the first text that fails; those
 *   before it are kept. `task-mismatch` for a model of another task; `signal.reason`; TypeError or RangeError for wrong
 *   options
 */
export async function embedAll(
  model: EmbeddingModel,
  texts: readonly string[],
  given: EmbedAllOptions = NO_OPTIONS,
): Promise<Embedded> {
  const options = ownOptions(given);
  checkOptions('embedAll', options, KINDS, { words: kindWords });
  const { store = 'auto', signal } = options;
  signal?.throwIfAborted();
  const own = listOf(texts);
  own.forEach(requireString);
  requireModel(model);
  const hashes = await Promise.all(own.map(hashOf));
  const isSigned = model.stats().opening.origin !== 'files'; // else its version says nothing
  const kept = openVectors(store === 'auto' && isSigned);
  try {
    for (;;) {
      const { model: name, version } = model.stats();
      const keyOf = (hash: string) => `${name}/${version}/${hash}`;
      const wanted = new Map(hashes.map((hash, i) => [keyOf(hash), own[i] as string]));
      const vectors = await kept.read([...wanted.keys()]);
      const missing = [...wanted].filter(([key]) => !vectors.has(key));
      const run = await runAll(model, missing, { version, kept, signal });
      if (!run) continue; // it was updated meanwhile: vectors of two versions are not comparable
      for (const [key, vector] of run) vectors.set(key, vector);
      if (run.size > 0) await kept.deleteOthers(name, version);
      return {
        vectors: hashes.map((hash) => vectors.get(keyOf(hash)) as Vector),
        version,
        hits: own.length - run.size,
        degraded: kept.degraded,
      };
    }
  } finally {
    await kept.close();
  }
}

function requireModel(model: Partial<EmbeddingModel> | undefined): void {
  if (typeof model?.score === 'function' && typeof model.stats === 'function') return;
  throw new NearsideError(
    'input-invalid',
    `embedAll: expected a model that \`open\` gave, got ${inWords(model)}. Did you await \`open\`?`,
  );
}

/** Text alone would be taken for a list of its characters. */
function listOf(texts: unknown): readonly string[] {
  if (Array.isArray(texts)) return [...texts];
  throw new NearsideError(
    'input-invalid',
    `embedAll: expected an array of texts, got ${inWords(texts)}.`,
  );
}

function requireString(text: unknown, place: number): void {
  if (typeof text === 'string') return;
  throw new NearsideError(
    'input-invalid',
    `embedAll: expected text ${place} to be a string, got ${inWords(text)}.`,
    { details: { item: place } },
  );
}

/** In JSON, where lone surrogates stay different from each other. */
function hashOf(text: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(JSON.stringify(text)));
}

interface Run {
  /** The version that they have to be of. */
  readonly version: string;
  readonly kept: KeptVectors;
  readonly signal: AbortSignal | undefined;
}

/** @returns vectors by key; undefined as soon as one is of another version */
async function runAll(
  model: EmbeddingModel,
  texts: readonly (readonly [key: string, text: string])[],
  { version, kept, signal }: Run,
): Promise<Map<string, Vector> | undefined> {
  const vectors = new Map<string, Vector>();
  let unwritten = new Map<string, Vector>();
  const write = async () => {
    await kept.write(unwritten);
    unwritten = new Map();
  };
  const inputs = texts.map(([, text]) => text);
  try {
    for await (const { index, output, meta, error } of model.score(inputs, { signal })) {
      if (!meta) throw error;
      if (meta.version !== version) return undefined;
      const [key] = texts[index] as (typeof texts)[number];
      vectors.set(key, requireVector(output));
      if (!meta.fallback) unwritten.set(key, output as Vector);
      if (unwritten.size === PER_TRANSACTION) await write();
    }
  } finally {
    await write();
  }
  return vectors;
}

function requireVector(output: unknown): Vector {
  if (kindOf(output) === 'Float32Array') return output as Vector;
  throw new NearsideError(
    'task-mismatch',
    `embedAll: expected a model of the task 'feature-extraction', which answers with a Float32Array; got ${inWords(output)}.`,
  );
}
