import type { Feature } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { completeRecord } from './complete-record.js';

const AGE: Feature = { name: 'age', type: 'number', unit: 'years', range: [0, 120], default: 50 };
const SIZE: Feature = { name: 'size', type: 'number', range: [0, 10], outside: 'clip' };
const SITE: Feature = { name: 'site', type: 'category', categories: ['left', 'right'] };
const SMOKER: Feature = { name: 'smoker', type: 'boolean', default: false };
const FEATURES = [AGE, SIZE, SITE, SMOKER];
const GOOD = { age: 61, size: 2.5, site: 'left', smoker: true };

function complete(record: unknown, features = FEATURES, stale: string[] = []) {
  const notes: string[] = [];
  const completed = completeRecord(record, features, {
    stale,
    substitute: (...note) => notes.push(note.join(' ')),
  });
  return { values: Object.fromEntries(completed), notes };
}

test('a record that fits is taken as it is', () => {
  expect(complete(GOOD)).toEqual({ values: GOOD, notes: [] });
});

test.each<[string, object, object, string[]]>([
  ['left out', { age: undefined }, { age: 50 }, ['age missing']],
  ['null', { age: null }, { age: 50 }, ['age missing']],
  ['no number', { age: Number.NaN }, { age: 50 }, ['age invalid']],
  ['of another type', { smoker: 'yes' }, { smoker: false }, ['smoker invalid']],
  ['outside a range that clips', { size: -3 }, { size: 0 }, ['size invalid']],
])(
  'a feature that is %s has its default, or its nearest, and it is noted',
  (_, part, expected, notes) => {
    expect(complete({ ...GOOD, ...part })).toEqual({ values: { ...GOOD, ...expected }, notes });
  },
);

describe('without a default it is refused, by its name', () => {
  test.each<[string, unknown, string]>([
    ['missing', { ...GOOD, site: undefined }, "'site' to be one of left, right, got none"],
    [
      'an unknown category',
      { ...GOOD, site: 'top' },
      "'site' to be one of left, right, got another text",
    ],
    [
      'of another type',
      { ...GOOD, size: '2' },
      "'size' to be a number from 0 to 10, got another text",
    ],
    ['infinite', { ...GOOD, size: Number.POSITIVE_INFINITY }, "'size' to be a number"],
    ['outside its range', { ...GOOD, age: 400 }, '0 to 120 in years, got one outside it'],
    ['a name that is no feature', { ...GOOD, agee: 1 }, 'only age, size, site, smoker, got agee'],
    ['a record without any', {}, 'features, of age, size, site, smoker, got none'],
    ['no record', [1, 2], 'a record of features, got Array'],
    ['nothing', undefined, 'a record of features, got Undefined'],
  ])('%s', (_, record, message) => {
    expect(() => complete(record)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('what a record inherits is none of it', () => {
    const inherited = Object.assign(Object.create({ age: 3 }), { size: 1, site: 'left' });
    expect(complete(inherited).values).toMatchObject({ age: 50 });
  });
});

test('of a feature that is left out and was remembered for too long the age is noted, or said', () => {
  const { age: _, ...others } = GOOD;
  const { values, notes } = complete(others, FEATURES, ['age', 'size']);
  expect(values).toEqual({ ...GOOD, age: 50 });
  expect(notes).toEqual(['age stale']);
  expect(() => complete({ ...GOOD, site: undefined }, FEATURES, ['site'])).toThrow(
    'got one too old',
  );
});
