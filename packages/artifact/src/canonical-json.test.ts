import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.js';

/**
 * JSON → `securesystemslib.formats.encode_canonical(json.loads(text))`, python-securesystemslib
 * 1.2.0 of Debian 13.
 */
const KNOWN: readonly (readonly [json: string, canonical: string])[] = [
  ['{}', '{}'],
  ['[]', '[]'],
  ['{"b": 1, "a": [true, false, null]}', '{"a":[true,false,null],"b":1}'],
  [String.raw`"a\"b\\c"`, String.raw`"a\"b\\c"`],
  [String.raw`"line\nbreak\ttab"`, '"line\nbreak\ttab"'],
  [String.raw`{"\u20ac":"\u00e9","z":-7}`, '{"z":-7,"€":"é"}'],
  [String.raw`{"\ud83d\ude00":1,"\uffff":2,"a":3}`, '{"a":3,"\uffff":2,"\u{1f600}":1}'],
  ['{"a":{"c":{},"b":[[],[1,[2]]]},"A":""}', '{"A":"","a":{"b":[[],[1,[2]]],"c":{}}}'],
  ['9007199254740991', '9007199254740991'],
  [String.raw`"\u0000\u007f\u2028/"`, '"\u0000\u007f\u2028/"'],
  [String.raw`{"aa":1,"a":2,"":3,"a\"":4}`, String.raw`{"":3,"a":2,"a\"":4,"aa":1}`],
];

test.each(KNOWN)('%s is encoded as python-securesystemslib encodes it', (json, canonical) => {
  expect(canonicalJson(JSON.parse(json))).toBe(canonical);
});

test('the order in which an object was built does not matter', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.integer()), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(object));
    }),
  );
});

test.each([
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  undefined,
  Symbol('s'),
  1n,
  () => {},
])('what canonical JSON cannot say is a TypeError, also deep inside: %s', (value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
  expect(() => canonicalJson({ a: [{ b: value }] })).toThrow(TypeError);
});
