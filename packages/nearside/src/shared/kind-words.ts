import type { Words } from './check-options.js';
import {
  ABOVE_0,
  ASSETS,
  DIRECTORY,
  FUNCTION,
  type OptionKind,
  SIGNAL,
  STORE,
  SWITCH,
  WHOLE_ABOVE_0,
} from './option-kinds.js';

/** Words for the values that shared kinds expect: a page loads them only for a call that is wrong. */
const WORDS: readonly (readonly [OptionKind, string])[] = [
  [FUNCTION, 'a function'],
  [SWITCH, 'true or false'],
  [SIGNAL, 'an AbortSignal'],
  [ASSETS, "a folder's address"],
  [ABOVE_0, 'a number above 0'],
  [WHOLE_ABOVE_0, 'a whole number above 0'],
  [STORE, "'auto', 'memory' or { directory }"],
  [DIRECTORY, 'the path of a directory'],
];

/** Has none for a kind of one option alone. */
export const kindWords: Words = ({ fits, names }) => {
  if (names) return `one of ${names.map((name) => `'${name}'`).join(', ')}`;
  return WORDS.find(([kind]) => kind.fits === fits)?.[1];
};
