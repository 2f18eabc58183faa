import { expect, test } from 'vitest';
import { createHistogram, histogramToJson, record } from './histogram.js';
import { parse } from './parse.js';
import { type Report, ReportSchema } from './report.js';
import { complaintOf } from './report-agrees.js';

function sketch(values: readonly number[], scale: number) {
  const histogram = createHistogram(scale);
  for (const value of values) record(histogram, value);
  return histogramToJson(histogram);
}

function report(change: (report: Changeable) => void = () => {}): unknown {
  const whole: Changeable = {
    v: 1,
    id: '0'.repeat(32),
    g: 7,
    first: ['version-day', 'arm-day'],
    t0: 1_800_000_000_000,
    dt: 300_000,
    sent: 1_800_000_300_000,
    dimensions: {
      model: 'digits',
      version: '1.2.0',
      manifest: 'ab'.repeat(32),
      variant: 'int8',
      backend: 'onnx-wasm',
      library: '0.1.0',
      device: 'phone',
      arm: 'canary',
      assigned: '1.2.0',
      experiment: '01234567',
      weight: 1,
    },
    health: { ok: 3, errors: { deadline: 1 }, coldRuns: sketch([40], 3) },
    opens: { tried: 2, failed: { offline: 1 }, network: sketch([900], 2) },
    latency: { total: sketch([2, 3, 40], 3), run: sketch([1, 2, 30], 2) },
    score: { ok: 2, duration: sketch([5, 6], 3) },
    baseline: '0123456789abcdef',
    drift: { seen: 3, counts: [[1, 2], []] },
    feedback: { byAge: [{ days: 0, bins: [[2, 1]], values: [2, -1, 3, 5] }] },
    shadow: {
      candidate: '1.3.0',
      n: 3,
      agreements: 2,
      bins: [
        [1, 0],
        [1, 1],
      ],
      latencyDifference: [4, 16],
      errorDifference: 1,
    },
  };
  change(whole);
  return JSON.parse(JSON.stringify(whole));
}

// biome-ignore lint/suspicious/noExplicitAny: a report is made wrong at one place after another
type Changeable = any;

/** Where it is complained of, by the schema or by what that cannot say. */
function complaint(change: (report: Changeable) => void): string {
  try {
    const failure = { code: 'input-invalid', what: 'report' } as const;
    return complaintOf(parse(ReportSchema, report(change), failure))?.path ?? 'none';
  } catch (error) {
    return `schema ${(error as { details?: { path?: string } }).details?.path}`;
  }
}

test('a report that agrees with itself is fine', () => {
  expect(complaint(() => {})).toBe('none');
});

test.each<[string, string, (report: Changeable) => void]>([
  ['more runs than latencies', 'latency.total', (r) => (r.health.ok = 4)],
  [
    'more cold runs than runs',
    'health.coldRuns',
    (r) => (r.health.coldRuns = sketch([1, 1, 1, 1], 3)),
  ],
  ['a stage that ran more often', 'latency.run', (r) => (r.latency.run = sketch([1, 1, 1, 1], 2))],
  ['more opens than were tried', 'opens', (r) => (r.opens.tried = 1)],
  ['scores without their times', 'score.duration', (r) => (r.score.ok = 3)],
  ['a sum near the largest number', 'latency.total', (r) => (r.latency.total.sum = 1.7e308)],
  ['a sum below its buckets', 'latency.total', (r) => (r.latency.total.sum = 0.1)],
  ['a scale too coarse', 'latency.total.s', (r) => (r.latency.total.s = 2)],
  ['buckets beyond any time', 'latency.total.o', (r) => (r.latency.total.o = 2000)],
  [
    'more right than there were',
    'feedback.byAge.0.bins.0',
    (r) => (r.feedback.byAge[0].bins = [[1, 2]]),
  ],
  [
    'errors that cannot be',
    'feedback.byAge.0.values',
    (r) => (r.feedback.byAge[0].values = [1, 5, 3, 9]),
  ],
  ['more agreements than inputs of a shadow', 'shadow.agreements', (r) => (r.shadow.n = 1)],
  ['more inputs in bins than there were', 'shadow.bins', (r) => (r.shadow.bins[0] = [3, 0])],
  ['more agreements in bins than in all', 'shadow.bins', (r) => (r.shadow.bins[1] = [1, 3])],
  ['more agreements than inputs in a bin', 'shadow.bins.0', (r) => (r.shadow.bins[0] = [0, 1])],
  [
    'a difference that its squares do not allow',
    'shadow.latencyDifference',
    (r) => (r.shadow.latencyDifference = [9, 16]),
  ],
  ['more errors than inputs', 'shadow.errorDifference', (r) => (r.shadow.errorDifference = -4)],
  [
    'more runs of a shadow than a device does',
    'shadow',
    (r) => Object.assign(r.shadow, { n: 1e6, latencyDifference: [0, 0] }),
  ],
  ['an age twice', 'feedback.byAge', (r) => r.feedback.byAge.push({ days: 0 })],
  ['more in bins than were sampled', 'drift.counts.0', (r) => (r.drift.counts[0] = [2, 2])],
  ['distributions of no baseline', 'baseline', (r) => delete r.baseline],
  [
    'bins of no baseline',
    'baseline',
    (r) => {
      delete r.baseline;
      delete r.drift;
      r.feedback.byAge[0].bins = [
        [1, 1],
        [1, 0],
      ];
    },
  ],
  ['a version without its backend', 'dimensions', (r) => delete r.dimensions.backend],
  ['an arm without its version', 'dimensions', (r) => delete r.dimensions.assigned],
  [
    'an experiment without an arm',
    'dimensions.experiment',
    (r) => {
      delete r.dimensions.arm;
      delete r.dimensions.assigned;
    },
  ],
  [
    'more events than a device has',
    'health',
    (r) => {
      r.dt = 0;
      r.health.errors.deadline = 9_000_000;
    },
  ],
  ['ten million labels', 'feedback', (r) => (r.feedback.byAge[0].bins = [[1e7, 0]])],
  [
    'pairs of more labels than there are',
    'feedback.byAge.0.confusion',
    (r) => (r.feedback.byAge[0].confusion = [[0, 1, 3]]),
  ],
  ['feedback on ten million runs', 'feedback.unmatched', (r) => (r.feedback.unmatched = 1e7)],
  ['ten terabytes', 'health.bytesFetched', (r) => (r.health.bytesFetched = 1e13)],
  ['3,100 opens', 'opens', (r) => (r.opens.tried = 3_100)],
  ['3,100 updates', 'updates', (r) => (r.updates = [{ version: '2.0.0', installed: 3_100 }])],
  ['3.1 million outcomes', 'outcomes', (r) => (r.outcomes = { sold: [3_100_000, 1, 1] })],
  ['1e10 busy ms', 'resource.busyMs', (r) => (r.resource = { busyMs: 1e10 })],
  [
    'workers that are busy for longer than the window and a run',
    'resource.busyMs',
    (r) => (r.resource = { busyMs: 16 * (300_000 + 1000 + 42) }),
  ],
  ['a mean beyond its squares', 'outcomes.sold', (r) => (r.outcomes = { sold: [2, 100, 3] })],
  ['a value beyond the largest', 'outcomes.sold', (r) => (r.outcomes = { sold: [1, 1, 1e23] })],
  ['a count below zero', 'schema health.ok', (r) => (r.health.ok = -1)],
  ['a count that is none', 'schema health.ok', (r) => (r.health.ok = null)],
  ['a window of ten years', 'schema dt', (r) => (r.dt = 3.2e11)],
  ['a weight of a million', 'schema dimensions.weight', (r) => (r.dimensions.weight = 1e6)],
  ['a field of its own', 'schema extra', (r) => (r.extra = 1)],
  ['a first that is none', 'schema first.0', (r) => (r.first = ['week'])],
])('%s is refused at %s', (_, path, change) => {
  expect(complaint(change)).toBe(path);
});

test('a run that ended at the begin of a window was busy before it, in each worker', () => {
  const late = (r: Changeable) => {
    r.dt = 0;
    r.health = { ok: 1 };
    r.latency = { total: sketch([60_000], 3) };
    r.resource = { busyMs: 60_000 };
  };
  expect(complaint(late)).toBe('none');
});

test('names that this version does not know are no complaint', () => {
  const newer = (r: Changeable) => {
    r.health.errors = { 'a-code-to-come': 1 };
    r.dimensions.backend = 'webnn-npu';
    r.dimensions.device = 'glasses';
    r.dimensions.arm = 'a-side-to-come';
    r.loss = { 'a-reason-to-come': 1 };
  };
  expect(complaint(newer)).toBe('none');
});

test('an open that failed before a version was known has none', () => {
  const early = (r: Changeable) => {
    const { model, library, device, weight } = r.dimensions;
    r.dimensions = { model, library, device, weight };
    for (const group of ['first', 'latency', 'score', 'baseline', 'drift', 'feedback', 'shadow'])
      delete r[group];
    r.health = { ok: 0 };
    r.opens = { tried: 1, failed: { 'network-failed': 1 } };
  };
  expect(complaint(early)).toBe('none');
  const whole = report(early) as Report;
  expect(JSON.stringify(whole).length).toBeLessThan(400);
});
