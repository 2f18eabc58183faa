import { randomBytes } from 'node:crypto';
import { createHistogram, histogramToJson, type Report, record } from '@nearside/core';

/** A moment to test at: 2026-03-04T12:02:00Z, inside a bucket. */
export const NOW_MS = Date.UTC(2026, 2, 4, 12, 2);

type Dimensions = Report['dimensions'];

export interface SampleOptions {
  readonly id?: string;
  readonly t0?: number;
  readonly first?: boolean;
  readonly dimensions?: Partial<Dimensions>;
  /** Call → result; one result each. */
  readonly durationsMs?: readonly number[];
  readonly health?: Partial<Report['health']>;
}

/** A valid report with every group that the collector keeps; fresh id unless one is given. */
export function sampleReport(options: SampleOptions = {}): Report {
  const { durationsMs = [2, 3, 40], t0 = NOW_MS - 300_000 } = options;
  const stage = (share: number) =>
    sketch(
      durationsMs.map((ms) => ms * share),
      2,
    );
  return {
    v: 1,
    id: options.id ?? randomBytes(16).toString('hex'),
    g: 7,
    first: options.first ?? true,
    t0,
    dt: 300_000,
    sent: t0 + 300_000,
    dimensions: {
      model: 'digits',
      version: '1.2.0',
      manifest: 'ab'.repeat(32),
      library: '0.1.0',
      variant: 'int8',
      backend: 'onnx-wasm',
      device: 'phone',
      arm: 'stable',
      weight: 1,
      ...options.dimensions,
    },
    health: {
      ok: durationsMs.length,
      errors: { deadline: 1 },
      aborted: 2,
      invalid: 3,
      coldStarts: 1,
      cacheHits: 1,
      load: sketch([480], 2),
      fallbacks: 1,
      quarantines: 1,
      bytesFetched: 12_345,
      ...options.health,
    },
    latency: {
      total: sketch(durationsMs, 3),
      queue: stage(0.1),
      pre: stage(0.2),
      run: stage(0.6),
      post: stage(0.1),
    },
    drift: {
      edges: '0123456789abcdef',
      confidence: [0, 1, 2],
      entropy: [2, 1],
      classes: { 7: 2 },
      otherClasses: 1,
    },
    feedback: {
      bins: [
        [0, 0],
        [2, 1],
      ],
    },
  };
}

export function sketch(values: readonly number[], scale: number) {
  const histogram = createHistogram(scale);
  for (const value of values) record(histogram, value);
  return histogramToJson(histogram);
}
