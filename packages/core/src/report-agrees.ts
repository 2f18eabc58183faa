import type { HistogramJson } from './histogram.js';
import { bucketUpperBound, countOf, LARGEST, SMALLEST } from './histogram.js';
import type { Report } from './report.js';
import { excessesOf } from './report-bounds.js';
import { LARGEST_VALUE, SAMPLED_OBSERVATIONS } from './report-format.js';
import { sum } from './sum.js';

/** A value in a report that is impossible: its path, and the expected value. */
export interface ReportComplaint {
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/**
 * The scale that histograms are kept at, by path: ±4.33 % at 3, ±8.6 % at 2. A finer one can be folded down; a
 * coarser one cannot be refined.
 */
export const HISTOGRAM_SCALES = Object.freeze({
  'latency.total': 3,
  'latency.queue': 2,
  'latency.pre': 2,
  'latency.run': 2,
  'latency.post': 2,
  'health.coldRuns': 3,
  'health.queueDepth': 2,
  'opens.network': 2,
  'opens.store': 2,
  'opens.rest': 2,
  'score.duration': 3,
  'stream.duration': 3,
});
export type HistogramPath = keyof typeof HISTOGRAM_SCALES;

/** A sum is written with six digits. */
const ROUNDING = 1e-5;

/** The histograms of a report, each with its path. */
export function reportHistograms(report: Report): [HistogramPath, HistogramJson][] {
  const { latency, health, opens, score, stream } = report;
  const groups = { latency, health, opens, score, stream };
  return (Object.keys(HISTOGRAM_SCALES) as HistogramPath[]).flatMap((path) => {
    const [group = '', field = ''] = path.split('.');
    const fields = groups[group as keyof typeof groups] as Record<string, unknown> | undefined;
    const json = fields?.[field] as HistogramJson | undefined;
    return json ? [[path, json]] : [];
  });
}

/** Checks what a schema cannot: that a report's parts agree, and that its numbers are possible. */
export function complaintOf(report: Report): ReportComplaint | undefined {
  for (const complaint of complaints(report)) if (complaint) return complaint;
  return undefined;
}

function* complaints(report: Report): Generator<ReportComplaint | undefined> {
  yield* ofDimensions(report);
  for (const [path, json] of reportHistograms(report)) yield ofHistogram(path, json);
  yield* ofCounts(report);
  for (const [path, got, most] of excessesOf(report)) {
    yield notOver(path, got, most, 'no device does more in such a window');
  }
  yield* ofDistributions(report);
  yield* ofFeedback(report);
  yield* ofOutcomes(report);
  yield* ofShadow(report);
}

function* ofDimensions({ dimensions, first = [] }: Report): Generator<ReportComplaint | undefined> {
  const { version, manifest, variant, backend, arm, assigned, experiment } = dimensions;
  const served = [version, manifest, variant, backend].filter((one) => one !== undefined);
  yield unless(served.length % 4 === 0, 'dimensions', [
    '`version`, `manifest`, `variant` and `backend`, or none of them',
    `${served.length} of them`,
  ]);
  yield unless((arm === undefined) === (assigned === undefined), 'dimensions', [
    '`arm` with `assigned`',
    'one of them',
  ]);
  yield unless(experiment === undefined || arm !== undefined, 'dimensions.experiment', [
    'an `arm` beside it',
    'none',
  ]);
  const needed = first.find((one) => (one.startsWith('arm') ? !arm : !version));
  yield unless(needed === undefined, 'first', ['what the dimensions name', String(needed)]);
}

function ofHistogram(path: HistogramPath, json: HistogramJson): ReportComplaint | undefined {
  const scale = HISTOGRAM_SCALES[path];
  if (json.s < scale)
    return { path: `${path}.s`, expected: `a scale ≥ ${scale}`, got: `${json.s}` };
  const { least, most } = boundsOfSum(json);
  if (json.c.length > 0) {
    const first = bucketUpperBound(json.o, json.s);
    const last = bucketUpperBound(json.o + json.c.length - 1, json.s);
    if (first < SMALLEST || last > LARGEST) {
      const got = `${json.o} … ${json.o + json.c.length - 1} at scale ${json.s}`;
      return { path: `${path}.o`, expected: 'buckets between 2^-20 and 2^32', got };
    }
  }
  return unless(least * (1 - ROUNDING) <= json.sum && json.sum <= most * (1 + ROUNDING), path, [
    `a sum within its buckets, ${least} … ${most}`,
    String(json.sum),
  ]);
}

/** @returns the least and the most that the values in these buckets can add up to */
function boundsOfSum({ s, z, o, c }: HistogramJson): { least: number; most: number } {
  let [least, most] = [0, z * SMALLEST];
  for (const [i, n] of c.entries()) {
    least += n * bucketUpperBound(o + i - 1, s);
    most += n * bucketUpperBound(o + i, s);
  }
  return { least, most };
}

function* ofCounts(report: Report): Generator<ReportComplaint | undefined> {
  const { health, latency, opens, score, stream } = report;
  yield equal('latency.total', countOf(latency?.total), health.ok, '`health.ok`');
  for (const stage of ['queue', 'pre', 'run', 'post'] as const) {
    yield notOver(`latency.${stage}`, countOf(latency?.[stage]), health.ok, '`health.ok`');
  }
  yield notOver('health.coldRuns', countOf(health.coldRuns), health.ok, '`health.ok`');
  yield notOver('health.queueDepth', countOf(health.queueDepth), health.ok, '`health.ok`');
  if (opens) {
    const ended = sumOf(opens.failed) + countOf(opens.network) + countOf(opens.store);
    yield notOver('opens', ended, opens.tried, '`tried`');
  }
  if (score) yield equal('score.duration', countOf(score.duration), score.ok, '`score.ok`');
  if (stream) yield equal('stream.duration', countOf(stream.duration), stream.ok, '`stream.ok`');
}

function* ofDistributions({
  baseline,
  drift,
  feedback,
  shadow,
}: Report): Generator<ReportComplaint | undefined> {
  // Without a baseline all feedback is in one bin, and a shadow's runs are in none.
  const needsBaseline = feedback?.byAge.some(
    ({ bins, confusion }) => confusion || (bins?.length ?? 0) > 1,
  );
  yield unless(
    !(drift || needsBaseline || shadow?.bins?.length) || baseline !== undefined,
    'baseline',
    ['the hash of one', 'none'],
  );
  for (const [i, bins] of (drift?.counts ?? []).entries()) {
    const n = sum(bins);
    const most = Math.min(SAMPLED_OBSERVATIONS, drift?.seen ?? 0);
    yield notOver(`drift.counts.${i}`, n, most, 'the sample');
  }
}

function* ofFeedback({ feedback }: Report): Generator<ReportComplaint | undefined> {
  const ages = feedback?.byAge ?? [];
  yield unless(new Set(ages.map(({ days }) => days)).size === ages.length, 'feedback.byAge', [
    'each age once',
    'one of them twice',
  ]);
  for (const [i, { bins = [], confusion = [], values }] of ages.entries()) {
    const [pairs, labels] = [sum(confusion.map(([, , n]) => n)), sum(bins.map(([n]) => n))];
    yield notOver(`feedback.byAge.${i}.confusion`, pairs, labels, 'labels in bins');
    for (const [bin, [n, correct]] of bins.entries()) {
      yield notOver(`feedback.byAge.${i}.bins.${bin}`, correct, n, 'as many as there were');
    }
    if (!values) continue;
    const [n, total, absolute, squares] = values;
    const can =
      Math.abs(total) <= absolute * (1 + ROUNDING) && absolute ** 2 <= n * squares * (1 + ROUNDING);
    yield unless(can, `feedback.byAge.${i}.values`, [
      '|Σ error| ≤ Σ |error|, and (Σ |error|)² ≤ n Σ error²',
      values.join(', '),
    ]);
  }
}

function* ofOutcomes({ outcomes = {} }: Report): Generator<ReportComplaint | undefined> {
  for (const [name, [n, total, squares]] of Object.entries(outcomes)) {
    const most = n * squares * (1 + ROUNDING);
    const can = total ** 2 <= most && squares <= n * LARGEST_VALUE ** 2 * (1 + ROUNDING);
    yield unless(can, `outcomes.${name}`, [
      `(Σ value)² ≤ n Σ value², of values up to ${LARGEST_VALUE}`,
      `${n}, ${total}, ${squares}`,
    ]);
  }
}

function* ofShadow({ shadow }: Report): Generator<ReportComplaint | undefined> {
  if (!shadow) return;
  const { n, agreements, bins = [], latencyDifference, errorDifference } = shadow;
  const [total, squares] = latencyDifference;
  yield notOver('shadow.agreements', agreements, n, 'as many as there were');
  yield notOver('shadow.errorDifference', Math.abs(errorDifference), n, 'as many as there were');
  yield unless(total ** 2 <= n * squares * (1 + ROUNDING), 'shadow.latencyDifference', [
    '(Σ difference)² ≤ n Σ difference²',
    `${n}, ${total}, ${squares}`,
  ]);
  const [inBins, agreed] = [sum(bins.map(([of]) => of)), sum(bins.map(([, of]) => of))];
  yield notOver('shadow.bins', inBins, n, '`n`');
  yield notOver('shadow.bins', agreed, agreements, '`agreements`');
  for (const [bin, [of, same]] of bins.entries()) {
    yield notOver(`shadow.bins.${bin}`, same, of, 'as many as there were');
  }
}

/** Adds up counts by code. */
function sumOf(byCode: Readonly<Record<string, number>> = {}): number {
  return sum(Object.values(byCode));
}

function unless(
  isRight: boolean,
  path: string,
  [expected, got]: readonly [string, string],
): ReportComplaint | undefined {
  return isRight ? undefined : { path, expected, got };
}

function equal(path: string, got: number, expected: number, what: string) {
  return unless(got === expected, path, [`${expected}, as ${what}`, String(got)]);
}

function notOver(path: string, got: number, most: number, what: string) {
  return unless(got <= most, path, [`at most ${most}: ${what}`, String(got)]);
}
