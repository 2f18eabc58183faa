import type { ErrorCode } from '@nearside/core';
import { expect, test } from 'vitest';
import type { EndedRun } from '../../../shared/ended-run.js';
import { chooseTraces } from './tracing.js';

const ALWAYS = () => 0;
const NEVER = () => 1;

function ran(totalMs: number, series?: EndedRun['series']) {
  return { totalMs, series, outcome: { kind: 'ok' } } as EndedRun;
}

function failed(code: ErrorCode) {
  return { totalMs: 5, series: undefined, outcome: { kind: 'failed', code } } as EndedRun;
}

test('a share of runs is traced, and twenty at most of an open model', () => {
  const draws: number[] = [];
  const random = () => {
    draws.push(draws.length);
    return draws.length % 2 ? 0.2 : 0.001;
  };
  const { reasonFor } = chooseTraces(0.01, random);
  const reasons = Array.from({ length: 100 }, () => reasonFor(ran(5)));
  expect(reasons.slice(0, 4)).toEqual([undefined, 'sampled', undefined, 'sampled']);
  expect(reasons.filter(Boolean)).toHaveLength(20);
});

test('five runs that failed or were slow are traced beside those', () => {
  const { reasonFor } = chooseTraces(0.01, NEVER);
  const reasons = Array.from({ length: 7 }, () => reasonFor(failed('backend-failed')));
  expect(reasons).toEqual([...Array(5).fill('failed'), undefined, undefined]);
});

test('a run is slow that takes more than twice as long as nearly all of fifty before it', () => {
  const { reasonFor } = chooseTraces(0.01, NEVER);
  expect(reasonFor(ran(9000))).toBeUndefined(); // the first one has nothing to be held against
  for (let i = 0; i < 60; i += 1) reasonFor(ran(40));
  expect(reasonFor(ran(75))).toBeUndefined();
  expect(reasonFor(ran(95))).toBe('slow');
});

test('a run that nobody notices is not slow, however quick the others are', () => {
  const { reasonFor } = chooseTraces(0.01, NEVER);
  for (let i = 0; i < 60; i += 1) reasonFor(ran(2));
  expect(reasonFor(ran(20))).toBeUndefined();
});

test('bad input, what the caller left, and series leave no trace', () => {
  const { reasonFor } = chooseTraces(1, ALWAYS);
  expect(reasonFor(failed('input-invalid'))).toBeUndefined();
  for (const kind of ['aborted', 'fell-back'] as const) {
    expect(reasonFor({ totalMs: 5, outcome: { kind } } as EndedRun)).toBeUndefined();
  }
  expect(reasonFor(ran(5, 'score'))).toBeUndefined();
  expect(reasonFor(ran(5, 'stream'))).toBeUndefined();
  expect(reasonFor(ran(5))).toBe('sampled');
});
