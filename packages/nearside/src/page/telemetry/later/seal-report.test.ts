import { complaintOf, MAX_REPORT_BYTES, parse, ReportSchema } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import { sealReport } from './seal-report.js';
import {
  createTally,
  feedbackOfAge,
  increment,
  type Tally,
  tallyFailedOpen,
  tallyObservation,
  tallyRun,
  updateOf,
} from './tally.js';

const context = {
  id: '0123456789abcdef0123456789abcdef',
  cohort: 7,
  startMs: 1_764_000_000_000,
  endMs: 1_764_000_300_000,
  baseline: '0123456789abcdef',
  dimensions: SAMPLE_DIMENSIONS,
} as const;

/** What a collector would say of it. */
function validate(report: unknown) {
  const crossed = JSON.parse(JSON.stringify(report));
  const parsed = parse(ReportSchema, crossed, { code: 'metadata-malformed', what: 'report' });
  expect(complaintOf(parsed)).toBeUndefined();
  return parsed;
}

const NO_TIME = { total: 1, queue: 0, pre: 0, run: 1, post: 0 };
const duration = fc.double({ min: 0, max: 1e7, noNaN: true });
const run = fc.record({
  durations: fc.record({
    total: duration,
    queue: duration,
    pre: duration,
    run: duration,
    post: duration,
  }),
  isCold: fc.boolean(),
  observation: fc.record({
    bins: fc.array(fc.integer({ min: -1, max: 31 }), { maxLength: 16 }),
    predicted: fc.option(fc.string(), { nil: undefined }),
    substituted: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 1000 }),
        fc.constantFrom('missing' as const, 'stale' as const, 'invalid' as const),
      ),
      { maxLength: 3 },
    ),
  }),
});

test('whatever happened in a window, its report fits the schema, agrees with itself, and fits the size limit', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 200 }), (runs) => {
      const tally = createTally();
      for (const { durations, isCold, observation } of runs) {
        tallyRun(tally, durations, isCold);
        tallyObservation(tally, observation);
      }
      increment(tally.errors, 'deadline');
      increment(tally.invalid, 'decode-failed');
      tallyFailedOpen(tally, 'offline');
      feedbackOfAge(tally, 0).bins.push([2, 1]);
      const report = sealReport(tally, context);
      expect(validate(report).health.ok).toBe(runs.length);
      expect(JSON.stringify(report).length).toBeLessThan(MAX_REPORT_BYTES);
    }),
  );
});

test('without a baseline feedback is in one bin, and a collector takes it', () => {
  const tally = createTally();
  feedbackOfAge(tally, 2).bins.push([3, 2]);
  const report = validate(sealReport(tally, { ...context, baseline: undefined }));
  expect(report.feedback).toEqual({ byAge: [{ days: 2, bins: [[3, 2]] }] });
  expect(report).not.toHaveProperty('baseline');
});

test('the largest values that are counted, as many as there may be, are within what a collector takes', () => {
  const tally = createTally();
  const [labels, outcomes] = [50_000, 3_000_000];
  const { values } = feedbackOfAge(tally, 0);
  for (const [i, term] of [1, 1e11, 1e11, 1e22].entries()) values[i as 0] = labels * term;
  tally.outcomes.set('sales', [outcomes, -outcomes * 1e11, outcomes * 1e22]);
  const report = validate(sealReport(tally, context));
  expect(report.outcomes?.sales?.[0]).toBe(outcomes);
  expect(report.feedback?.byAge[0]?.values?.[0]).toBe(labels);
  expect(report.loss).toBeUndefined();
});

test.each<[string, number, (tally: Tally) => void]>([
  ['3.5 million runs', 3_500_000, (tally) => increment(tally.errors, 'deadline', 3_500_000)],
  ['ten million labels', 1e7, (tally) => feedbackOfAge(tally, 0).bins.push([1e7, 0])],
  [
    'feedback on ten million runs',
    1e7,
    (tally) => Object.assign(tally, { unmatchedFeedback: 1e7 }),
  ],
  ['ten terabytes', 1, (tally) => Object.assign(tally, { bytesFetched: 1e13 })],
  ['100,000 opens', 100_000, (tally) => Object.assign(tally.opens, { tried: 100_000 })],
  [
    'a million updates',
    1e6,
    (tally) => Object.assign(updateOf(tally, '9.9.9'), { installed: 1e6 }),
  ],
  ['five million outcomes', 5e6, (tally) => tally.outcomes.set('sales', [5e6, 5e6, 5e6])],
  ['1e10 busy ms', 1, (tally) => Object.assign(tally, { busyMs: 1e10 })],
])(
  '%s in five minutes are %i lost events, and the rest of the report is told',
  (_, lost, count) => {
    const tally = createTally();
    tallyRun(tally, NO_TIME, false);
    count(tally);
    increment(tally.loss, 'refused');
    updateOf(tally, '1.0.0').installed = 1;
    const { loss, dt } = validate(sealReport(tally, context));
    expect(loss).toEqual({ refused: 1, 'too-large': expect.any(Number) });
    expect(loss?.['too-large']).toBeGreaterThanOrEqual(lost);
    expect(loss?.['too-large']).toBeLessThanOrEqual(lost + 2);
    expect(dt).toBe(300_000);
  },
);

test('a window that could not be sealed for days says a day', () => {
  const tally = createTally();
  increment(tally.errors, 'deadline');
  const endMs = context.startMs + 3 * 86_400_000;
  expect(validate(sealReport(tally, { ...context, endMs })).dt).toBe(86_400_000);
});

test('however long a window was, no more events are told than a collector takes, and the rest is lost', () => {
  const tally = createTally();
  increment(tally.errors, 'deadline', 9e6);
  increment(tally.errors, 'worker-crashed', 9e6);
  tally.outcomes.set('sales', [1.1e7, 1.1e7, 1.1e7]);
  tally.opens.tried = 3;
  const endMs = context.startMs + 3 * 86_400_000;
  const report = validate(sealReport(tally, { ...context, endMs }));
  expect(report).toMatchObject({
    health: { ok: 0 },
    opens: { tried: 3 },
    loss: { 'too-large': 1e7 },
  });
  expect(report.outcomes).toBeUndefined();
});

test('a usual window takes about a kilobyte', () => {
  const tally = createTally();
  for (let i = 0; i < 1000; i += 1) {
    const total = 1 + (i % 20) / 10;
    const durations = { total, queue: 0.2, pre: 0.3, run: total - 0.6, post: 0.1 };
    tallyRun(tally, durations, i === 0);
    const bins = [9, i % 10, 0, 5, i % 4, i % 6];
    tallyObservation(tally, { bins, predicted: String(i % 10), substituted: [] });
  }
  expect(JSON.stringify(sealReport(tally, context)).length).toBeLessThan(1300);
});

test('of the observations of a window 50 are counted, each with the same chance', () => {
  const shares = [0, 0];
  for (let window = 0; window < 200; window += 1) {
    const tally = createTally();
    for (let i = 0; i < 400; i += 1) {
      tallyObservation(tally, { bins: [i < 200 ? 0 : 1], predicted: undefined, substituted: [] });
    }
    const { drift } = validate(sealReport(tally, context));
    expect(drift?.seen).toBe(400);
    const [early = 0, late = 0] = drift?.counts[0] ?? [];
    expect(early + late).toBe(50);
    for (const [half, n] of [early, late].entries()) shares[half] = (shares[half] ?? 0) + n;
  }
  // 10,000 draws: half of them is within 5 σ of 5,000.
  expect(Math.abs((shares[0] ?? 0) - 5_000)).toBeLessThan(250);
});

test('a default that stood in for a feature is counted by place and reason, of the 64 it stood in for most', () => {
  const tally = createTally();
  for (let i = 0; i < 70; i += 1) {
    const reason = i < 69 ? 'missing' : 'invalid';
    const substituted = [[3, reason] as const, [100 + i, 'stale'] as const];
    tallyObservation(tally, { bins: [], predicted: undefined, substituted });
  }
  const { inputs = [] } = validate(sealReport(tally, context));
  expect(inputs[0]).toEqual([3, 69, 0, 1]);
  expect(inputs).toHaveLength(64);
});

test('over 8 KB optional groups go, in their order, and what went is told; health never goes', () => {
  const tally = createTally();
  for (let i = 0; i < 64; i += 1) increment(tally.errors, `some-rather-long-error-code-${i}`);
  for (let i = 0; i < 64; i += 1)
    tally.substituted.set(i, { missing: 1e6, stale: 1e6, invalid: 1e6 });
  for (let age = 0; age <= 7; age += 1) {
    const { confusion } = feedbackOfAge(tally, age);
    for (let pair = 0; pair < 64; pair += 1) increment(confusion, `${pair},${pair + 1}`, 90);
  }
  updateOf(tally, '9.9.9').installed = 1;
  const report = validate(sealReport(tally, context));
  expect(JSON.stringify(report).length).toBeLessThanOrEqual(MAX_REPORT_BYTES);
  expect(Object.keys(report.health.errors ?? {})).toHaveLength(64);
  expect(report).not.toHaveProperty('inputs');
  expect(report).not.toHaveProperty('feedback');
  expect(report.updates).toEqual([{ version: '9.9.9', installed: 1 }]);
  expect(report.loss?.['too-large']).toBeGreaterThan(0);
});

test('a report holds no label, no name of a feature and no predicted value', () => {
  const tally = createTally();
  tallyRun(tally, NO_TIME, false);
  tallyObservation(tally, { bins: [1, 2], predicted: 'Marker label', substituted: [[0, 'stale']] });
  expect(JSON.stringify(sealReport(tally, context))).not.toContain('Marker');
});

test('a window in which nothing happened has no report', () => {
  const tally = createTally();
  tally.busyMs = 12;
  expect(sealReport(tally, context)).toBeUndefined();
});
