import { expect, test } from 'vitest';
import { checkOptions, inWords } from './check-options.js';
import { kindWords } from './kind-words.js';
import { ABOVE_0, type OptionKinds, STORE, SWITCH } from './option-kinds.js';

const KINDS: OptionKinds = { often: SWITCH, limitMs: ABOVE_0, store: STORE };

test('options of a kind that has none are refused: lists, functions, and what is the platform’s', () => {
  const { signal } = new AbortController();
  for (const options of [
    undefined,
    null,
    5,
    'often',
    [],
    () => {},
    signal,
    new Map(),
    new Headers(),
  ]) {
    expect(() => checkOptions('call', options, KINDS)).toThrow(
      /^call: expected an object of options/,
    );
  }
  class Options {
    often = true;
  }
  for (const options of [{}, new Options(), Object.create(null)]) {
    checkOptions('call', options, KINDS);
  }
});

test('a wrong option is named with its call and its place, what was expected, and what was got', () => {
  const wrong: [object, string][] = [
    [{ seldom: 1 }, "call: expected one of the options often, limitMs, store; got 'seldom'"],
    [{ toString: 1 }, "call: expected one of the options often, limitMs, store; got 'toString'"],
    [{ often: 'yes' }, "call: expected `often` to be true or false; got 'yes'"],
    [{ limitMs: '5' }, "call: expected `limitMs` to be a number above 0; got '5'"],
    [
      { store: { folder: 'a' } },
      "call: expected one of the fields of `store` directory; got 'folder'",
    ],
    [
      { store: {} },
      'call: expected `store.directory` to be the path of a directory; got undefined',
    ],
    [{ store: 'ram' }, "call: expected `store` to be 'auto', 'memory' or { directory }; got 'ram'"],
  ];
  for (const [options, message] of wrong) {
    expect(() => checkOptions('call', options, KINDS, { words: kindWords })).toThrow(message);
  }
  expect(() => checkOptions('call', { limitMs: -1 }, KINDS)).toThrow(RangeError);
  expect(() => checkOptions('call', { often: null }, KINDS)).toThrow(TypeError);
});

test('any value can be said in words, and an object’s own values are not', () => {
  const words: [unknown, string][] = [
    [Symbol('x'), 'Symbol(x)'],
    [null, 'null'],
    [5n, '5'],
    [() => 1, 'a function'],
    [{ authorization: 'secret' }, '{ authorization }'],
    [{}, '{}'],
    [Object.create(null), '{}'],
    [[5, 'a', [], () => 1, 7], "[5, 'a', Array, a function, …]"],
    [new Headers(), 'Headers'],
    ['a'.repeat(90), `'${'a'.repeat(80)}…'`],
  ];
  for (const [value, text] of words) expect(inWords(value)).toBe(text);
});
