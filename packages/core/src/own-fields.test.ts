import * as v from 'valibot';
import { expect, test } from 'vitest';
import { ownFields } from './own-fields.js';
import { parse } from './parse.js';

/** Does something while anybody's value is on `Object.prototype`. */
function polluted<Result>(name: string, value: unknown, work: () => Result): Result {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  try {
    return work();
  } finally {
    delete (Object.prototype as Record<string, unknown>)[name];
  }
}

test('own fields are copied, as deep as asked, and nothing inherited is among them', () => {
  class Options {
    own = { list: [{ deep: 1 }] };
    get inherited() {
      return 1;
    }
  }
  const bytes = new Uint8Array(2);
  const given = Object.assign(new Options(), { bytes });
  const copy = ownFields(given);
  expect(copy).toEqual({ own: { list: [{ deep: 1 }] }, bytes });
  expect(copy.bytes).toBe(bytes);
  expect(copy.inherited).toBeUndefined();
  given.own.list.push({ deep: 2 });
  expect(copy.own.list.length).toBe(1);
  polluted('deep', 5, () => expect((copy.own.list as { deep?: number }[])[0]?.deep).toBe(1));
  polluted('other', 5, () => expect('other' in (copy.own.list[0] as object)).toBe(false));
  expect(ownFields(given, 1).own).toBe(given.own);
  for (const value of [undefined, null, 5, 'a', bytes]) expect(ownFields(value)).toBe(value);
});

test('what is parsed has the fields of the document alone, before and after', () => {
  const schema = v.strictObject({ a: v.number(), b: v.optional(v.number()) });
  const how = { code: 'metadata-malformed', what: 'it' } as const;
  polluted('b', 5, () => {
    const { a, b } = parse(schema, JSON.parse('{"a":1}'), how);
    expect([a, b]).toEqual([1, undefined]);
    expect(() => parse(schema, JSON.parse('{}'), how)).toThrow('expected');
  });
  polluted('a', 5, () => expect(() => parse(schema, JSON.parse('{}'), how)).toThrow('it, a'));
});
