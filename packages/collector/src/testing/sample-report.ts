import { randomUUID } from 'node:crypto';
import { createHistogram, histogramToJson, type Report, record } from '@nearside/core';
import { type Contribution, contributionOf } from '../counting/contribution.js';
import { createNames, type Names } from '../counting/names.js';

/** The time of tests is 2026-03-04T12:02:00Z, inside a bucket. */
export const NOW_MS = Date.UTC(2026, 2, 4, 12, 2);

type Dimensions = Report['dimensions'];

export interface SampleOptions {
  readonly id?: string;
  readonly g?: number;
  readonly t0?: number;
  /** By the device's clock. */
  readonly sent?: number;
  readonly first?: Report['first'];
  readonly dimensions?: Partial<Dimensions>;
  /** Call → result, one result each. */
  readonly durationsMs?: readonly number[];
  readonly health?: Partial<Report['health']>;
}

/** Makes a valid report with every group, and with a new id unless one is given. */
export function sampleReport(options: SampleOptions = {}): Report {
  const { durationsMs = [2, 3, 40], t0 = NOW_MS - 300_000 } = options;
  const stage = (share: number) =>
    sketch(
      durationsMs.map((ms) => ms * share),
      2,
    );
  return {
    v: 1,
    id: options.id ?? randomUUID().replaceAll('-', ''),
    g: options.g ?? 7,
    first: options.first ?? ['version-day', 'version-hour', 'arm-day'],
    t0,
    dt: 300_000,
    sent: options.sent ?? Math.max(NOW_MS, t0),
    dimensions: {
      model: 'digits',
      version: '1.2.0',
      manifest: 'ab'.repeat(32),
      library: '0.1.0',
      variant: 'int8',
      backend: 'onnx-wasm',
      app: '2026.3',
      device: 'phone',
      arm: 'stable',
      assigned: '1.2.0',
      experiment: '0f0f0f0f',
      weight: 1,
      ...options.dimensions,
    },
    health: {
      ok: durationsMs.length,
      errors: { deadline: 1 },
      aborted: 2,
      invalid: { 'input-invalid': 3 },
      fallbacks: 1,
      coldRuns: sketch(durationsMs.slice(0, 1), 3),
      queueDepth: sketch([0, 1, 1], 2),
      bytesFetched: 12_345,
      quarantines: [{ backend: 'onnx-webgpu', variant: 'int8', code: 'golden-mismatch', n: 1 }],
      ...options.health,
    },
    opens: {
      tried: 4,
      failed: { offline: 1 },
      network: sketch([480], 2),
      store: sketch([120, 130], 2),
      rest: sketch([60], 2),
    },
    updates: [{ version: '1.3.0', installed: 1, failed: { 'network-failed': 2 } }],
    latency: {
      total: sketch(durationsMs, 3),
      queue: stage(0.1),
      pre: stage(0.2),
      run: stage(0.6),
      post: stage(0.1),
    },
    score: { ok: 2, failed: { 'input-invalid': 1 }, duration: sketch([5, 6], 3) },
    stream: { ok: 1, dropped: 3, duration: sketch([9], 3) },
    resource: { heapPeakBytes: 40_000_000, busyMs: 812.5 },
    inputs: [[0, 1, 0, 2]],
    baseline: '0123456789abcdef',
    drift: { seen: 3, counts: [[0, 1, 2], [], [3]] },
    feedback: {
      byAge: [
        {
          days: 0,
          bins: [
            [0, 0],
            [2, 1],
          ],
          confusion: [[7, 1, 1]],
          values: [2, 0.5, 1.5, 1.25],
        },
      ],
      unmatched: 1,
    },
    outcomes: { bought: [3, 2, 2] },
    shadow: {
      candidate: '1.3.0',
      n: 3,
      agreements: 2,
      latencyDifference: [4, 16],
      errorDifference: -1,
    },
    loss: { 'outbox-full': 2 },
  };
}

type Sketch = ReturnType<typeof histogramToJson>;

/** Those that were made. Tests make tens of thousands of reports, which have the same dozen in them. */
const sketches = new Map<string, Sketch>();

/** The histogram of values as a report has it: the same frozen one for the same values. */
export function sketch(values: readonly number[], scale: number): Sketch {
  const key = `${scale}: ${values}`;
  const made = sketches.get(key) ?? makeSketch(values, scale);
  sketches.set(key, made);
  return made;
}

function makeSketch(values: readonly number[], scale: number): Sketch {
  const histogram = createHistogram(scale);
  for (const value of values) record(histogram, value);
  const made = histogramToJson(histogram);
  for (const part of Object.values(made)) Object.freeze(part);
  return Object.freeze(made);
}

/** Makes the names of a collector that has no rows yet. */
export function freshNames(): Names {
  return createNames([]);
}

/** Makes the contribution of a report to a new collector. */
export function sampleContribution(
  options: SampleOptions = {},
  { nowMs = NOW_MS, names = freshNames() }: { nowMs?: number; names?: Names } = {},
): Contribution {
  return contributionOf(sampleReport(options), nowMs, names);
}
