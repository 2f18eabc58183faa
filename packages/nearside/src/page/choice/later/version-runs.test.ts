import { type ErrorCode, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import type { EndedRun } from '../../../shared/ended-run.js';
import {
  runOfVersion,
  type VersionRun,
  type VersionRuns,
  whyGoBack,
  withRun,
} from './version-runs.js';

const BACKEND = 'onnx-wasm' as const;

function good(ms: number | undefined, given: Partial<VersionRun> = {}): VersionRun {
  return { sequence: 2, backend: BACKEND, ms, code: undefined, ...given };
}

function bad(code: ErrorCode = 'backend-failed'): VersionRun {
  return good(undefined, { code });
}

function times<Item>(n: number, item: Item): Item[] {
  return new Array(n).fill(item);
}

function after(...runs: readonly VersionRun[]): VersionRuns {
  return runs.reduce(withRun, [] as readonly VersionRuns[]).at(-1) as VersionRuns;
}

const BEFORE = after(...times(20, good(30, { sequence: 1 })));

test('a new version gives way when 10 of its last 20 runs have failed by its fault, and not when 9 have', () => {
  const mixed = Array.from({ length: 18 }, (_, i) => (i % 2 === 0 ? good(30) : bad()));
  expect(whyGoBack(after(...mixed), BEFORE)).toBe(undefined);
  expect(whyGoBack(after(...mixed, good(30), bad('out-of-memory')), BEFORE)).toBe('out-of-memory');
  expect(whyGoBack(after(...mixed, bad(), ...times(11, good(30))), BEFORE)).toBe(undefined);
  expect(whyGoBack(after(...times(10, bad())), undefined)).toBe('backend-failed');
});

test('where the version before failed as often, going back to it would mend nothing', () => {
  const before = after(...times(10, { ...bad(), sequence: 1 }));
  expect(whyGoBack(after(...times(20, bad())), before)).toBe(undefined);
});

test('a new version gives way when its median is three times that of the one before, and 50 ms longer', () => {
  const over = (n: number, ms: number) => after(...times(n, good(ms)));
  expect(whyGoBack(over(20, 90), BEFORE)).toBe('version-slow');
  expect(whyGoBack(over(20, 89), BEFORE)).toBe(undefined);
  expect(whyGoBack(over(19, 900), BEFORE)).toBe(undefined);
  const quick = after(...times(20, good(2, { sequence: 1 })));
  expect(whyGoBack(over(20, 51), quick)).toBe(undefined);
  expect(whyGoBack(over(20, 52), quick)).toBe('version-slow');
});

test('times are compared with as many of the version before, on the same backend', () => {
  const slow = after(...times(20, good(900)));
  const onGpu = { backend: 'onnx-webgpu', sequence: 1 } as const;
  expect(whyGoBack(slow, after(...times(20, good(30, onGpu))))).toBe(undefined);
  expect(whyGoBack(slow, after(...times(19, good(30, { sequence: 1 }))))).toBe(undefined);
  expect(whyGoBack(slow, undefined)).toBe(undefined);
  const changed = after(...times(10, good(900)), ...times(10, good(900, onGpu)));
  expect(whyGoBack(changed, BEFORE)).toBe(undefined);
});

test('after 200 good runs a version is new no more, whatever becomes of it', () => {
  expect(whyGoBack(after(...times(199, good(30)), ...times(10, bad())), BEFORE)).toBeDefined();
  expect(whyGoBack(after(...times(200, good(30)), ...times(20, bad())), BEFORE)).toBe(undefined);
});

test('runs of four versions are kept, those that ran last', () => {
  const runs = [1, 2, 3, 1, 4, 5].map((sequence) => good(5, { sequence }));
  const kept = runs.reduce(withRun, [] as readonly VersionRuns[]);
  expect(kept.map(({ sequence, good }) => [sequence, good])).toEqual([
    [3, 1],
    [1, 2],
    [4, 1],
    [5, 1],
  ]);
});

const SERVED = { backend: BACKEND, version: { release: { sequence: 2 } } };

function ended(outcome: object, series?: 'stream'): VersionRun | undefined {
  return runOfVersion({ served: SERVED, outcome, series } as unknown as EndedRun);
}

test('a run takes the time of its steps, of one input of its batch; of a series it is good and no more', () => {
  const reply = { batch: 2, times: { pre: 10, run: 30, post: 20 } };
  expect(ended({ kind: 'ok', reply })).toEqual(good(30));
  expect(ended({ kind: 'ok', reply }, 'stream')).toEqual(good(undefined));
});

test('bad input, a caller who has left and a loss through another model tell nothing of a version', () => {
  const failing = (code: ErrorCode, details = {}) => new NearsideError(code, '', { details });
  for (const kind of ['failed', 'fell-back']) {
    const of = (error: unknown) => ended({ kind, error });
    expect(of(failing('backend-failed'))).toEqual(bad());
    expect(of(failing('terminated'))).toEqual(bad('terminated'));
    expect(of(failing('input-invalid'))).toBe(undefined);
    expect(of(failing('deadline'))).toBe(undefined);
    expect(of(failing('terminated', { isOwn: true }))).toBe(undefined);
    expect(of(failing('worker-lost', { isAnothers: true }))).toBe(undefined);
    expect(of(failing('out-of-memory', { memoryBudgetBytes: 1 }))).toBe(undefined);
  }
  expect(ended({ kind: 'aborted' })).toBe(undefined);
});
