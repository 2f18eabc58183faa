import { kindOf, NearsideError, ownFields } from '@nearside/core';
import { checkOptions, inWords } from '../../shared/check-options.js';
import { kindWords } from '../../shared/kind-words.js';
import {
  NO_OPTIONS,
  type OptionKinds,
  ownOptions,
  SIGNAL,
  WHOLE_ABOVE_0,
} from '../../shared/option-kinds.js';
import { requireId, requireItem, requireText, requireVector } from './check-items.js';
import { type FoundItem, findItems, type SearchQuery } from './find-items.js';
import { readIndex, writeIndex } from './index-file.js';
import {
  appendItem,
  compact,
  compactIfSparse,
  createState,
  type IndexItem,
  type IndexState,
  removeItem,
} from './index-state.js';
import { createTurns, startTurn, type Turn } from './turns.js';
import { makeRoom } from './vector-table.js';

export interface IndexOptions {
  /** Numbers of each vector; by default as many as the first one has. */
  readonly dimensions?: number | undefined;
  /** How soon a repeated word counts no more; 1.2 by default. */
  readonly k1?: number | undefined;
  /** How much long texts are held against, 0 to 1; 0.75 by default. */
  readonly b?: number | undefined;
}

export interface SearchOptions {
  /** Items to find at most; 10 by default, up to 10,000. */
  readonly top?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Calls take turns, in their order. Their work is cut into slices of 8 ms, so that the page stays smooth. */
export interface SearchIndex {
  /** The number of items in it. */
  readonly size: number;
  /** Numbers of each vector; undefined until it is known. */
  readonly dimensions: number | undefined;
  /**
   * Adds items, all or none; an item of the same id is replaced. Leave their vectors as they are until it resolves.
   *
   * @throws NearsideError `input-invalid`, `input-too-large`, naming the item; `out-of-memory`
   */
  add(items: IndexItem | readonly IndexItem[]): Promise<void>;
  /**
   * @returns how many of them were there
   * @throws NearsideError `input-invalid`
   */
  remove(ids: string | readonly string[]): Promise<number>;
  /**
   * Finds the best items. All are looked at: by words those that have one of the query's, by meaning those that have a
   * vector, by both all. Of equal scores the item that was added first comes first.
   *
   * @throws NearsideError `input-invalid`, `input-too-large`; `signal.reason`; TypeError or RangeError for wrong options
   */
  search(query: SearchQuery, options?: SearchOptions): Promise<readonly FoundItem[]>;
  /**
   * Writes all of it to one Blob, with a version and checksums, for `loadIndex`.
   *
   * @throws NearsideError `insecure-context`; `signal.reason`
   */
  save(options?: SavingOptions): Promise<Blob>;
}

export interface SavingOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The values that are used most (Robertson and Zaragoza 2009: 1.2 to 2, and 0.5 to 0.8). */
const USUAL = { k1: 1.2, b: 0.75 };

const USUAL_TOP = 10;
/** Sorting twice as many takes some milliseconds. */
const MOST_FOUND = 10_000;

const KINDS: OptionKinds<keyof IndexOptions> = {
  dimensions: WHOLE_ABOVE_0,
  k1: {
    fits: (k1: unknown) => typeof k1 === 'number' && k1 >= 0 && k1 < Infinity,
    expected: 'a number from 0 on',
    error: RangeError,
  },
  b: {
    fits: (b: unknown) => typeof b === 'number' && b >= 0 && b <= 1,
    expected: 'a number from 0 to 1',
    error: RangeError,
  },
};

const SEARCH_KINDS: OptionKinds<keyof SearchOptions> = {
  top: {
    fits: (top: unknown) => Number.isInteger(top) && Number(top) > 0 && Number(top) <= MOST_FOUND,
    expected: `a whole number from 1 to ${MOST_FOUND}`,
    error: RangeError,
  },
  signal: SIGNAL,
};

const SAVING_KINDS: OptionKinds<keyof SavingOptions> = { signal: SIGNAL };

/**
 * An index in memory, of up to some 100,000 items, which are found by their words, by their vectors, or by both.
 *
 * @throws TypeError or RangeError for wrong options
 */
export function createIndex(given: IndexOptions = NO_OPTIONS): SearchIndex {
  const options = ownOptions(given);
  checkOptions('createIndex', options, KINDS, { words: kindWords });
  const { k1 = USUAL.k1, b = USUAL.b, dimensions } = options;
  return searchIndexOf(createState({ k1, b }, dimensions));
}

/**
 * The index that `save` wrote.
 *
 * @throws NearsideError `input-invalid` for what is none, `version-unsupported`, `size-mismatch` for one that was cut,
 *   `digest-mismatch` for one that was changed, `insecure-context`; `signal.reason`; TypeError for wrong options
 */
export async function loadIndex(
  saved: Blob | ArrayBuffer | Uint8Array,
  given: SavingOptions = NO_OPTIONS,
): Promise<SearchIndex> {
  const { signal } = savingOptions('loadIndex', given);
  return searchIndexOf(await createTurns()((turn) => readIndex(saved, turn), signal));
}

function searchIndexOf(state: IndexState): SearchIndex {
  const inTurn = createTurns();
  return {
    get size() {
      return state.slotOf.size;
    },
    get dimensions() {
      return state.vectors.dimensions;
    },
    async add(items) {
      const all = listOf(items);
      await inTurn((turn) => addItems(state, all, turn));
    },
    async remove(ids) {
      const all = listOf(ids);
      for (const id of all) requireId('remove', id);
      return inTurn((turn) => removeItems(state, all, turn));
    },
    async search(query, given = NO_OPTIONS) {
      const options = ownOptions(given);
      checkOptions('search', options, SEARCH_KINDS, { words: kindWords });
      const { top = USUAL_TOP, signal } = options;
      const own = requireQuery(query);
      return inTurn((turn) => findItems(state, own, { top, turn }), signal);
    },
    async save(given = NO_OPTIONS) {
      const { signal } = savingOptions('save', given);
      return inTurn(async (turn) => {
        await compact(state, startTurn()); // an abort must not leave it half done
        return writeIndex(state, turn);
      }, signal);
    },
  };
}

function savingOptions(call: string, given: SavingOptions): SavingOptions {
  const options = ownOptions(given);
  checkOptions(call, options, SAVING_KINDS, { words: kindWords });
  return options;
}

function listOf<Item>(given: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(given) ? [...given] : [given as Item];
}

/** The query as it is at the call. */
function requireQuery(given: SearchQuery): SearchQuery {
  const { text, vector } = kindOf(given) === 'Object' ? ownFields(given, 1) : {};
  if (text === undefined && vector === undefined) {
    throw new NearsideError(
      'input-invalid',
      `search: expected a query with a text or a vector, got ${inWords(given)}.`,
    );
  }
  if (text !== undefined) requireText('search', text, { of: 'the query' });
  if (vector !== undefined) {
    requireVector('search', vector, { of: 'the query', dimensions: undefined });
  }
  return { text, vector: vector?.slice() };
}

async function addItems(state: IndexState, given: readonly IndexItem[], turn: Turn): Promise<void> {
  const items: IndexItem[] = [];
  let { dimensions } = state.vectors;
  for (const [place, one] of given.entries()) {
    const item = requireItem(one, { place, dimensions });
    dimensions ??= item.vector?.length;
    items.push(item);
    if (turn.isSliceOver) await turn.nextSlice();
  }
  await makeRoom(state.vectors, items, turn);
  for (const item of items) {
    await appendItem(state, item, turn);
    if (turn.isSliceOver) await turn.nextSlice();
  }
  await compactIfSparse(state, turn);
}

async function removeItems(state: IndexState, ids: readonly string[], turn: Turn): Promise<number> {
  const removed = ids.filter((id) => removeItem(state, id)).length;
  await compactIfSparse(state, turn);
  return removed;
}
