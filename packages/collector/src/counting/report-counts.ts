import { type Report, reportHistograms } from '@nearside/core';
import {
  addCounts,
  type ByName,
  type Counts,
  keptHistogram,
  type ShadowCounts,
  sumOf,
} from './counts.js';
import { backendName, codeName, OTHER, quarantineName, reasonName } from './known-codes.js';
import type { ModelNames } from './names.js';

/** Features beyond this number share one position. */
const FEATURE_POSITIONS = 256;
/** A distribution has at most so many bins, and a class is a bin. */
const CLASSES = 32;

/**
 * Counts one report under names that have rows.
 *
 * @param version under which the report is counted
 */
export function reportCounts(report: Report, names: ModelNames, version: string): Counts {
  const counts: Counts = { reports: 1, ...callCounts(report, names), ...triedCounts(report) };
  addFirsts(counts, report, names);
  addNamed(counts, report, names);
  addUpdates(counts, report, names);
  if (report.drift) addDrift(counts, report.drift, names.baseline(version, report.baseline ?? ''));
  addFeedback(counts, report);
  addOutcomes(counts, report, names);
  addShadow(counts, report, names);
  const { inputs, loss } = report;
  if (loss) counts.loss = byKnown(loss, reasonName);
  for (const [position, missing, stale, invalid] of inputs ?? []) {
    addCounts(counts, { inputs: { [featureKey(position)]: { missing, stale, invalid } } });
  }
  return counts;
}

function callCounts(report: Report, names: ModelNames): Counts {
  const { health, resource, dimensions } = report;
  const failed = sumOf(health.errors);
  const counts: Counts = {
    ok: health.ok,
    failed,
    weighted: (health.ok + failed) * dimensions.weight,
    errors: byKnown(health.errors ?? {}, codeName),
  };
  if (health.ok + failed > 0) counts.used = 1;
  if (failed > 0) counts.failedPerMille = Math.round((1000 * failed) / (health.ok + failed));
  if (health.aborted) counts.aborted = health.aborted;
  if (health.invalid) counts.invalid = byKnown(health.invalid, codeName);
  if (health.fallbacks) counts.fallbacks = health.fallbacks;
  if (health.bytesFetched) counts.bytes = health.bytesFetched;
  if (resource?.busyMs) counts.busyMs = resource.busyMs;
  if (resource?.heapPeakBytes) counts.heap = { [Math.ceil(Math.log2(resource.heapPeakBytes))]: 1 };
  for (const { backend, variant, code, n } of health.quarantines ?? []) {
    const key = `${backendName(backend)} ${names.variant(variant)} ${quarantineName(code)}`;
    addCounts(counts, { quarantines: { [key]: n } });
  }
  const histograms: NonNullable<Counts['histograms']> = {};
  for (const [path, json] of reportHistograms(report)) histograms[path] = keptHistogram(path, json);
  counts.histograms = histograms;
  return counts;
}

/** Counts attempts that are no runs, and how they ended. */
function triedCounts({ opens, score, stream }: Report): Counts {
  const failedOf = ({ failed }: { failed?: ByName | undefined }) =>
    failed && { failed: byKnown(failed, codeName) };
  return {
    ...(opens && { opens: { tried: opens.tried, ...failedOf(opens) } }),
    ...(score && { score: { ok: score.ok, ...failedOf(score) } }),
    ...(stream && {
      stream: {
        ok: stream.ok,
        ...failedOf(stream),
        ...(stream.dropped && { dropped: stream.dropped }),
      },
    }),
  };
}

function addFirsts(counts: Counts, { first, dimensions }: Report, names: ModelNames): void {
  if (!first || first.length === 0) return;
  counts.firsts = Object.fromEntries(first.map((name) => [name, 1]));
  const ofArm = first.filter((name) => name.startsWith('arm'));
  if (dimensions.assigned === undefined || ofArm.length === 0) return;
  const assigned = names.version(dimensions.assigned);
  counts.assigned = { [assigned]: Object.fromEntries(ofArm.map((name) => [name, 1])) };
}

/** Leaves out zeros, because each row has these for every name. */
function addNamed(counts: Counts, report: Report, names: ModelNames): void {
  const { library, app } = report.dimensions;
  const { ok, failed, opens, firsts, histograms } = counts;
  const runs = withoutZeros({
    ok,
    failed,
    ms: histograms?.['latency.total']?.sum,
    deviceDays: firsts?.['version-day'],
  });
  counts.libraries = { [names.library(library)]: runs };
  if (app === undefined) return;
  const inputs = faultyInputs(report.inputs ?? []);
  const own = withoutZeros({ reports: 1, opens: opens?.tried, openFailed: sumOf(opens?.failed) });
  counts.apps = { [names.app(app)]: { ...own, ...runs, ...(inputs && { inputs }) } };
}

function withoutZeros<Name extends string>(
  sums: Record<Name, number | undefined>,
): Partial<Record<Name, number>> {
  const kept: Partial<Record<Name, number>> = {};
  for (const name of Object.keys(sums) as Name[]) if (sums[name]) kept[name] = sums[name];
  return kept;
}

/** Counts by position, or undefined where there are none. */
function faultyInputs(inputs: NonNullable<Report['inputs']>): ByName | undefined {
  const found: ByName = {};
  for (const [position, missing, stale, invalid] of inputs) {
    const n = missing + stale + invalid;
    const key = featureKey(position);
    if (n > 0) found[key] = (found[key] ?? 0) + n;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

function featureKey(position: number): string {
  return position < FEATURE_POSITIONS ? String(position) : OTHER;
}

function addUpdates(counts: Counts, { updates }: Report, names: ModelNames): void {
  for (const { version, installed, failed, rolledBack } of updates ?? []) {
    const update = {
      ...(installed && { installed }),
      ...(failed && { failed: byKnown(failed, codeName) }),
      ...(rolledBack && { rolledBack: byKnown(rolledBack, codeName) }),
    };
    addCounts(counts, { updates: { [names.version(version)]: update } });
  }
}

/** Counts a baseline that is not the version's, without its bins, which would mix with others. */
function addDrift(counts: Counts, drift: NonNullable<Report['drift']>, key: string): void {
  counts.drift = { [key]: key === OTHER ? [] : drift.counts.map((ofOne) => [...ofOne]) };
}

function addFeedback(counts: Counts, { feedback }: Report): void {
  if (!feedback) return;
  if (feedback.unmatched) counts.unmatched = feedback.unmatched;
  const byAge: NonNullable<Counts['feedback']> = {};
  for (const { days, bins, confusion, values } of feedback.byAge) {
    const age: (typeof byAge)[string] = {};
    if (bins) {
      age.bins = {};
      for (const [bin, [n, correct]] of bins.entries()) if (n > 0) age.bins[bin] = { n, correct };
    }
    if (confusion) {
      age.confusion = {};
      for (const [actual, predicted, n] of confusion) {
        const pair = `${Math.min(actual, CLASSES - 1)} ${Math.min(predicted, CLASSES - 1)}`;
        age.confusion[pair] = (age.confusion[pair] ?? 0) + n;
      }
    }
    if (values) {
      const [n, error, absolute, squares] = values;
      age.values = { n, error, absolute, squares };
    }
    byAge[days] = age;
  }
  counts.feedback = byAge;
}

function addOutcomes(counts: Counts, { outcomes }: Report, names: ModelNames): void {
  for (const [name, [n, sum, squares]] of Object.entries(outcomes ?? {})) {
    addCounts(counts, { outcomes: { [names.outcome(name)]: { n, sum, squares } } });
  }
}

function addShadow(counts: Counts, { shadow }: Report, names: ModelNames): void {
  if (!shadow) return;
  const { candidate, n, agreements, bins, latencyDifference, errorDifference } = shadow;
  const [latency, latencySquares] = latencyDifference;
  const both: ShadowCounts = { n, agreements, latency, latencySquares, errors: errorDifference };
  if (bins) {
    both.bins = {};
    for (const [bin, [of, same]] of bins.entries()) {
      if (of > 0) both.bins[bin] = { n: of, agreements: same };
    }
  }
  counts.shadow = { [names.version(candidate)]: both };
}

/** Counts unknown names together. */
function byKnown(byName: Readonly<ByName>, known: (name: string) => string): ByName {
  const counts: ByName = {};
  for (const [name, n] of Object.entries(byName)) {
    const key = known(name);
    counts[key] = (counts[key] ?? 0) + n;
  }
  return counts;
}
