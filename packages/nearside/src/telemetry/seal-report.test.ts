import { MAX_REPORT_BYTES, parse, ReportSchema } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SAMPLE_DIMENSIONS } from '../testing/sample-dimensions.js';
import { countFailure } from './lifetime.js';
import { sealReport } from './seal-report.js';
import { createTally, isEmpty, tallyFeedback, tallyRun } from './tally.js';

const context = {
  id: '0123456789abcdef0123456789abcdef',
  cohort: 7,
  first: true,
  startMs: 1_764_000_000_000,
  endMs: 1_764_000_300_000,
  driftEdges: '0123456789abcdef',
  dimensions: SAMPLE_DIMENSIONS,
} as const;

const validate = (report: unknown) =>
  parse(ReportSchema, JSON.parse(JSON.stringify(report)), {
    code: 'metadata-malformed',
    what: 'report',
  });

const duration = fc.double({ min: 0, max: 1e7, noNaN: true });
const run = fc.record({
  durations: fc.record({
    total: duration,
    queue: duration,
    pre: duration,
    run: duration,
    post: duration,
  }),
  observation: fc.record({
    bins: fc.array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom('confidence', 'class'),
          fc.string({ minLength: 1, maxLength: 80 }),
        ),
        fc.integer({ min: 0, max: 31 }),
      ),
      { maxLength: 16 },
    ),
    label: fc.option(fc.string(), { nil: undefined }),
    substituted: fc.array(
      fc.tuple(
        fc.string({ minLength: 1, maxLength: 64 }),
        fc.constantFrom('missing' as const, 'stale' as const, 'invalid' as const),
      ),
      { maxLength: 3 },
    ),
  }),
});

test('whatever happened in a window, its report fits the schema and the size limit', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 200 }), (runs) => {
      const tally = createTally();
      for (const { durations, observation } of runs) tallyRun(tally, durations, observation);
      countFailure(tally, 'deadline');
      tallyFeedback(tally, 9, true);
      const report = sealReport(tally, context);
      expect(validate(report).health.ok).toBe(runs.length);
      expect(JSON.stringify(report).length).toBeLessThan(MAX_REPORT_BYTES);
    }),
  );
});

test('a usual window takes about a kilobyte', () => {
  const tally = createTally();
  for (let i = 0; i < 1000; i += 1) {
    const total = 1 + (i % 20) / 10;
    const durations = { total, queue: 0.2, pre: 0.3, run: total - 0.6, post: 0.1 };
    const names = ['confidence', 'class', 'megapixels', 'aspect', 'brightness', 'contrast'];
    const bins = names.map((name) => [name, 9] as const);
    tallyRun(tally, durations, { bins, label: String(i % 10), substituted: [] });
  }
  expect(JSON.stringify(sealReport(tally, context)).length).toBeLessThan(1300);
});

test('a default that stood in for a feature is counted by the reason, of 64 features at most', () => {
  const tally = createTally();
  const durations = { total: 1, queue: 0, pre: 0, run: 1, post: 0 };
  for (let i = 0; i < 70; i += 1) {
    const rare = [`rare-${i}`, 'stale'] as const;
    const usual = [
      ['age', i < 69 ? 'missing' : 'invalid'] as const,
      ['weight', 'invalid'] as const,
    ];
    tallyRun(tally, durations, { bins: [], label: undefined, substituted: [...usual, rare] });
  }
  const { inputs = {} } = validate(sealReport(tally, context));
  expect(inputs).toMatchObject({ age: [69, 0, 1], weight: [0, 0, 70], 'rare-0': [0, 1, 0] });
  expect(Object.keys(inputs)).toHaveLength(64);
});

test('features with long names in any script take no more than their part of a report', () => {
  const tally = createTally();
  const durations = { total: 1, queue: 0, pre: 0, run: 1, post: 0 };
  const substituted = Array.from(
    { length: 64 },
    (_, i) => [`${i}`.padEnd(64, '測'), 'missing'] as const,
  );
  tallyRun(tally, durations, { bins: [], label: undefined, substituted });
  const report = validate(sealReport(tally, context));
  expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(MAX_REPORT_BYTES / 2);
  expect(Object.keys(report.inputs ?? {}).length).toBeGreaterThan(5);
});

test('bad input is counted apart from errors', () => {
  const tally = createTally();
  countFailure(tally, 'decode-failed');
  countFailure(tally, 'backend-failed');
  const { health } = sealReport(tally, context);
  expect(health.invalid).toBe(1);
  expect(health.errors).toEqual({ 'backend-failed': 1 });
});

test('a window in which nothing happened is empty', () => {
  expect(isEmpty(createTally())).toBe(true);
});
