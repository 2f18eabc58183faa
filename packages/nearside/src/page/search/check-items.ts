import { kindOf, NearsideError, ownFields } from '@nearside/core';
import { inWords } from '../../shared/check-options.js';
import type { IndexItem } from './index-state.js';
import { inverseNorm } from './vector-table.js';

/** Longer ones should be items in parts: a text of a book is found by anything. */
const MOST_CHARACTERS = 1_000_000;

/**
 * The item as it is now.
 *
 * @param place in the list given, for the message about one without an id
 * @param dimensions of its vector, if that is known
 * @throws NearsideError `input-invalid`, `input-too-large`
 */
export function requireItem(
  given: unknown,
  { place, dimensions }: { place: number; dimensions: number | undefined },
): IndexItem {
  if (kindOf(given) !== 'Object')
    throw invalid('add', `item ${place} to be an object`, inWords(given));
  const { id, text, vector } = ownFields(given as Record<string, unknown>, 1);
  requireId('add', id, `the id of item ${place}`);
  const item = `item ${inWords(id)}`;
  if (text === undefined && vector === undefined) {
    throw invalid('add', `${item} to have a text or a vector`, 'neither', id);
  }
  if (text !== undefined) requireText('add', text, { of: item, item: id });
  if (vector !== undefined) requireVector('add', vector, { of: item, item: id, dimensions });
  return { id, text, vector };
}

/** @throws NearsideError `input-invalid` */
export function requireId(call: string, id: unknown, what = 'each id'): asserts id is string {
  if (typeof id !== 'string') throw invalid(call, `${what} to be a string`, inWords(id));
}

interface Place {
  /** In words. */
  readonly of: string;
  readonly item?: string;
}

/** @throws NearsideError `input-invalid`, `input-too-large` */
export function requireText(
  call: string,
  text: unknown,
  { of, item }: Place,
): asserts text is string {
  if (typeof text !== 'string') {
    throw invalid(call, `the text of ${of} to be a string`, inWords(text), item);
  }
  if (text.length <= MOST_CHARACTERS) return;
  throw new NearsideError(
    'input-too-large',
    `${call}: expected the text of ${of} to have ${MOST_CHARACTERS} characters at most, got ${text.length}. Give it in parts.`,
    { details: { item, characters: text.length } },
  );
}

/** @throws NearsideError `input-invalid` */
export function requireVector(
  call: string,
  vector: unknown,
  { of, item, dimensions }: Place & { readonly dimensions: number | undefined },
): asserts vector is Float32Array {
  const what = `the vector of ${of}`;
  if (kindOf(vector) !== 'Float32Array') {
    throw invalid(call, `${what} to be a Float32Array`, inWords(vector), item);
  }
  const numbers = vector as Float32Array;
  if (numbers.length === 0 || numbers.length !== (dimensions ?? numbers.length)) {
    const expected = dimensions === undefined ? 'numbers' : `${dimensions} numbers`;
    throw invalid(call, `${what} to have ${expected}`, String(numbers.length), item);
  }
  if (!Number.isNaN(inverseNorm(numbers))) return;
  const at = numbers.findIndex((number) => !Number.isFinite(number));
  throw invalid(call, `${what} to have finite numbers`, `${numbers[at]} at ${at}`, item);
}

function invalid(call: string, what: string, got: string, item?: string): NearsideError {
  const message = `${call}: expected ${what}, got ${got}.`;
  return new NearsideError(
    'input-invalid',
    message,
    item === undefined ? {} : { details: { item } },
  );
}
