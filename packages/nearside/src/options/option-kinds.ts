import { isAddress } from './addresses.js';
import type { OptionKind } from './check-options.js';
import { isBoolean, isCount, isFunction, isPositive, isSignal } from './option-rules.js';

/** Kinds that several calls have options of. */
export const FUNCTION: OptionKind = { fits: isFunction, expected: 'a function' };
export const SWITCH: OptionKind = { fits: isBoolean, expected: 'true or false' };
export const SIGNAL: OptionKind = { fits: isSignal, expected: 'an AbortSignal' };
export const ASSETS: OptionKind = { fits: isAddress, expected: "a folder's address" };
export const ABOVE_0: OptionKind = {
  fits: isPositive,
  expected: 'a number above 0',
  error: RangeError,
};
export const WHOLE_ABOVE_0: OptionKind = {
  fits: isCount,
  expected: 'a whole number above 0',
  error: RangeError,
};
export const STORE: OptionKind = {
  fits: (store: unknown) => store === 'auto' || store === 'memory',
  expected: "'auto', 'memory' or { directory }",
  fields: {
    directory: {
      fits: (directory: unknown) => typeof directory === 'string' && directory !== '',
      expected: 'the path of a directory',
      isRequired: true,
    },
  },
  error: RangeError,
};

export function oneOf(names: readonly string[]): OptionKind {
  return {
    fits: (value: unknown) => names.includes(value as string),
    expected: `one of ${names.map((name) => `'${name}'`).join(', ')}`,
    error: RangeError,
  };
}
