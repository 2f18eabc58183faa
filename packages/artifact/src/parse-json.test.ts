import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './parse-json.js';

function parse(text: string): unknown {
  const bytes = new TextEncoder().encode(text);
  return parseJson(bytes, { code: 'metadata-malformed', what: 'a document' });
}

test.each([
  '{"a":1,"a":2}',
  '{"a":{"b":1,"c":[{"d":1,"d":1}]}}',
  '{"a":1,"\\u0061":2}',
  '{"x":"\\"","a":[],"a":{}}',
])('a key that stands twice in one object is refused: %s', (text) => {
  expect(() => parse(text)).toThrow(/twice/);
});

test.each([
  '{"a":{"a":{"a":1}}}',
  '[{"a":1},{"a":1}]',
  '{"a":"a","b":"a:a,a"}',
  '{"a":"{\\"a\\":1"}',
])('the same word in another object, or as a value, is fine: %s', (text) => {
  expect(parse(text)).toEqual(JSON.parse(text));
});

test.each(['{"a":"\\ud800"}', '["\\udc00 b"]', '{"\\uD83D":1}', '{"a":"\\ude00\\ud83d"}'])(
  'half of a surrogate pair, for which a signed U+FFFD would stand, is refused: %s',
  (text) => {
    expect(() => parse(text)).toThrow(/half of a surrogate pair/);
  },
);

test('a whole pair is one character, escaped or not, and an escaped backslash escapes nothing', () => {
  expect(parse('{"\\ud83d\\ude00":"😀","a":"\\\\ud800"}')).toEqual({ '😀': '😀', a: '\\ud800' });
});

test('whatever JSON.stringify writes is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = JSON.stringify(value, null, 1);
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  ['letters', 'a'.repeat(24e6)],
  ['escaped quotes', '\\"'.repeat(12e6)],
])('a string of 24 MB is read like any other: %s', (_, letters) => {
  expect(parse(`{"a":"${letters}"}`)).toEqual({ a: JSON.parse(`"${letters}"`) });
  expect(() => parse(`{"a":"${letters}","a":1}`)).toThrow(/twice/);
});

test('bytes that are not UTF-8 or not JSON are refused', () => {
  expect(() => parse('{"a":1')).toThrow(/expected JSON/);
  const latin1 = new Uint8Array([0x22, 0xe4, 0x22]);
  expect(() => parseJson(latin1, { code: 'metadata-malformed', what: 'x' })).toThrow(/UTF-8/);
});
