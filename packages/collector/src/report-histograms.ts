import {
  bucketUpperBound,
  createHistogram,
  type Histogram,
  type HistogramJson,
  histogramFromJson,
  merge,
  type Report,
} from '@nearside/core';

/** Stages of one inference, in the order they happen. */
export const STAGES = ['queue', 'pre', 'run', 'post'] as const;
export type Stage = (typeof STAGES)[number];

/** The histograms that are kept: call → result, its stages, and open() → ready. All in ms. */
export type HistogramName = 'total' | 'load' | Stage;

/** Scale each histogram is kept at: ±4.33 % at 3, ±8.6 % at 2. A finer report is folded down. */
export const HISTOGRAM_SCALES: Readonly<Record<HistogramName, number>> = {
  total: 3,
  load: 2,
  queue: 2,
  pre: 2,
  run: 2,
  post: 2,
};

/** Bounds of a value in the histogram's definition: 2^−20 … 2^32. */
const SMALLEST_BOUND = 2 ** -20;
const LARGEST_BOUND = 2 ** 32;

interface ReportHistogram {
  readonly name: HistogramName;
  /** Where it stands in the report, for messages. */
  readonly path: string;
  readonly json: HistogramJson;
}

export function reportHistograms({ latency, health }: Report): ReportHistogram[] {
  const found: ReportHistogram[] = [];
  if (latency) {
    found.push({ name: 'total', path: 'latency.total', json: latency.total });
    for (const name of STAGES) {
      const json = latency[name];
      if (json) found.push({ name, path: `latency.${name}`, json });
    }
  }
  if (health.load) found.push({ name: 'load', path: 'health.load', json: health.load });
  return found;
}

/** The histogram at the scale it is kept at. */
export function keptHistogram({ name, json }: ReportHistogram): Histogram {
  const histogram = createHistogram(HISTOGRAM_SCALES[name]);
  merge(histogram, histogramFromJson(json));
  return histogram;
}

/**
 * What the schema cannot say of a histogram: that it is fine enough to be merged, and that its
 * buckets stay within the range that values are recorded in (others would have no finite centre).
 */
export function histogramComplaint({
  name,
  path,
  json,
}: ReportHistogram): { path: string; expected: string; got: string } | undefined {
  const scale = HISTOGRAM_SCALES[name];
  if (json.s < scale) {
    return { path: `${path}.s`, expected: `a scale ≥ ${scale}`, got: `${json.s}` };
  }
  if (json.c.length === 0) return undefined;
  const first = bucketUpperBound(json.o, json.s);
  const last = bucketUpperBound(json.o + json.c.length - 1, json.s);
  if (first < SMALLEST_BOUND || last > LARGEST_BOUND) {
    return {
      path: `${path}.o`,
      expected: 'buckets between 2^-20 and 2^32',
      got: `${json.o} … ${json.o + json.c.length - 1} at scale ${json.s}`,
    };
  }
  return undefined;
}
