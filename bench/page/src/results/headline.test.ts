import { expect, test } from 'vitest';
import { exampleResult } from './example-result.ts';
import { headlineOf } from './headline.ts';
import { recommend } from './recommend.ts';
import type { BenchResult, ResultRow } from './result.ts';

const [DONE] = exampleResult().rows as [ResultRow];

function rowOf(title: string, turnMediansMs: number[], change: Partial<ResultRow> = {}): ResultRow {
  const latency = DONE.latency && { ...DONE.latency, turnMediansMs, p50Ms: turnMediansMs[0] ?? 0 };
  return { ...DONE, id: title, title, latency, ...change };
}

function resultOf(...rows: ResultRow[]): BenchResult {
  return { ...exampleResult(), rows };
}

const QUICK = [0.11, 0.11, 0.12, 0.11, 0.11, 0.11];
const SLOW = QUICK.map((ms) => 3 * ms);

test('while a run goes on it says how many rows are measured, and names none', () => {
  const waiting = { state: 'waiting', latency: undefined } as const;
  const result = resultOf(
    rowOf('A', [0.11], { state: 'running' }),
    rowOf('B', [], waiting),
    rowOf('C', [], { ...waiting, state: 'skipped' }),
  );
  expect(headlineOf(result)).toEqual({
    figure: '1 of 2',
    what: 'measured',
    beside: ['The fastest is named at the end, when all rows are in.'],
  });
  const inTurns = resultOf(
    rowOf('A', QUICK.slice(0, 3), { state: 'running' }),
    rowOf('B', SLOW.slice(0, 2), { state: 'running' }),
  );
  expect(headlineOf(inTurns).what).toBe('measured, and again in turns: 2 of 6 are done');
});

test('a cancelled run names no winner, recommends nothing, and says how far it came', () => {
  const result = resultOf(
    rowOf('A', QUICK),
    rowOf('B', [], { state: 'cancelled', latency: undefined }),
  );
  const { figure, what, beside } = headlineOf(result);
  expect([figure, what, beside]).toEqual([
    '1 of 2',
    'measured when the run was cancelled: which is fastest stays open.',
    [],
  ]);
  expect(recommend(result)).toBeUndefined();
});

test('the fastest is the row with the least median that was faster in every turn, with its interval', () => {
  expect(headlineOf(resultOf(rowOf('A', SLOW, { isPeer: true }), rowOf('B', QUICK)))).toEqual({
    figure: '0.11 ms',
    what: 'B is the fastest. Median of one call, 0.11–0.12 ms in six turns.',
    beside: [],
  });
});

test('two rows of which each was faster in a turn cannot be told apart', () => {
  const almost = [0.12, 0.12, 0.11, 0.13, 0.12, 0.12];
  const { figure, what } = headlineOf(resultOf(rowOf('A', almost), rowOf('B', QUICK)));
  expect(figure).toBe('0.11 ms');
  expect(what).toBe(
    'B (0.11–0.12 ms) and A (0.11–0.13 ms) cannot be told apart. Medians of one call, in six turns.',
  );
});

test('a winner on the main thread says what the page pays, and how Nearside stands', () => {
  const result = resultOf(
    rowOf('Raw', QUICK, { isPeer: true, place: 'main thread' }),
    rowOf('Worker', SLOW, { isPeer: true }),
    rowOf('Nearside', [0.55, ...SLOW.slice(1).map((ms) => 2 * ms)]),
  );
  expect(headlineOf(result).beside).toEqual([
    'It holds the page while it computes. The fastest in a worker: Worker, 0.33 ms.',
    'Nearside: 0.55 ms, 5.00× as long.',
  ]);
});

test('rows without a right number on real hardware are never called fastest', () => {
  const result = resultOf(
    rowOf('A', QUICK, { isSoftwareGpu: true }),
    rowOf('B', QUICK, { state: 'failed' }),
  );
  expect(headlineOf(result).figure).toBe('–');
});
