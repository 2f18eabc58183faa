import { expect, test } from 'vitest';
import { exampleResult } from './example-result.ts';
import { isRanked, parseResult, type ResultRow } from './result.ts';

test('what a run makes is read as it was written', () => {
  const result = exampleResult();
  expect(parseResult(JSON.stringify(result))).toEqual(result);
});

test.each([
  ['no JSON', 'hello', 'got something else'],
  ['null', 'null', 'got JSON of something else'],
  ['JSON of another kind', '{"kind":"other"}', 'got JSON of something else'],
  ['a later format', JSON.stringify({ ...exampleResult(), format: 2 }), 'got format 2'],
])('%s is refused, saying what was got', (_, text, said) => {
  expect(() => parseResult(text)).toThrow(said);
  expect(codeOf(() => parseResult(text))).toBe('result-invalid');
});

test('a field of another type is named', () => {
  const result = { ...exampleResult(), threads: 'two' };
  expect(() => parseResult(JSON.stringify(result))).toThrow('threads');
});

test('a file with rows without end is refused', () => {
  const [row] = exampleResult().rows;
  const result = { ...exampleResult(), rows: Array(1_000).fill(row) };
  expect(codeOf(() => parseResult(JSON.stringify(result)))).toBe('result-invalid');
});

test('a software GPU, wrong numbers and no number at all are not ranked', () => {
  const [good, failed] = exampleResult().rows as [ResultRow, ResultRow];
  const wrong = { against: 'golden', isRight: false, worstShare: 3, cases: 3 } as const;
  expect(isRanked(good)).toBe(true);
  expect(isRanked(failed)).toBe(false);
  expect(isRanked({ ...good, isSoftwareGpu: true })).toBe(false);
  expect(isRanked({ ...good, correctness: wrong })).toBe(false);
});

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
