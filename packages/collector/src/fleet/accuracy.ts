import type { Baseline, VersionFacts } from '@nearside/core';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { ModelTargets } from '../files/targets.js';
import {
  baselineAccuracy,
  type CohortAccuracy,
  type ConceptChange,
  conceptChange,
  estimatedAccuracy,
  type HeldOut,
  isConceptByFew,
  type Labelled,
  labelledAccuracy,
} from '../statistics/accuracy.js';
import { addedUp, type BinCounts, totalOf } from '../statistics/bins.js';
import { ratioFigureOf, ratioOf } from '../statistics/cohort-ratio.js';
import {
  type Estimate,
  type Figure,
  figureOf,
  isUnder,
  shareFigureOf,
} from '../statistics/figure.js';
import { withoutHeaviest } from '../statistics/heaviest-cohorts.js';
import type { CohortRow, ModelRange, RollupReads } from '../store/rollup-store.js';
import { binsByCohort, byCohort, ratioByCohort, readCohortDays } from './cohort-rows.js';
import { compareVersions } from './compare-versions.js';
import { type ConfidenceBins, confidenceBins } from './confidence-bins.js';
import { devicesByVersion } from './devices-by-version.js';
import { byFrequency } from './grouping.js';
import type { FleetQuery, ModelContext } from './query.js';

/** Answer of `GET /v1/fleet/accuracy`: is the model still right? */
export interface FleetAccuracy extends ModelRange {
  readonly minDevices: number;
  /** Target for labelled ÷ offline. */
  readonly accuracyRatio: number;
  /** Newest first. */
  readonly versions: readonly VersionAccuracy[];
}

export interface VersionAccuracy {
  readonly version: string;
  readonly devices: number;
  /** Figures about content need enough devices. */
  readonly missing?: 'too-few-devices';
  /** These are missing, so some figures are null. */
  readonly without: readonly ('baseline' | 'labels')[];
  /** Estimated from how sure the model was, without labels. */
  readonly estimated: Figure;
  /** Accuracy of runs whose truth came back, weighted to the mix of all runs. */
  readonly labelled: Figure;
  /** Labels ÷ observed runs. */
  readonly labelShare: Figure;
  /** Accuracy on held-out data, at the release. */
  readonly offline: Figure;
  /** labelled ÷ offline. */
  readonly liveToOffline: Figure;
  /** Its target would be met without the four cohorts with most wrong labels. */
  readonly isMissByFew: boolean;
  /** `isByFew`: it would not alarm without the four cohorts with most of the deficit. */
  readonly concept:
    | (ConceptChange & { readonly isAlarm: boolean; readonly isByFew: boolean })
    | null;
  /** By bin of confidence. */
  readonly calibration: readonly CalibrationBin[];
  readonly confusion: Confusion | null;
  readonly values: ValueErrors | null;
  readonly outcomes: readonly { readonly name: string; readonly mean: Figure }[];
  /** Labels for runs that the device no longer knew. */
  readonly unmatched: number;
}

export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly runs: number;
  readonly labels: number;
  readonly correct: number;
  /** Held-out samples, and those that were right. */
  readonly lab: number;
  readonly labCorrect: number;
}

export interface Confusion {
  /** Labels by position. The last stands for all others. */
  readonly labels: readonly string[];
  /** [actual, predicted, n] by position. */
  readonly pairs: readonly (readonly [number, number, number])[];
  readonly byLabel: readonly {
    readonly label: string;
    readonly precision: Figure;
    readonly recall: Figure;
  }[];
}

/** Errors of predicted numbers: prediction less truth, in the unit of the model. */
export interface ValueErrors {
  readonly mean: Figure;
  readonly meanAbsolute: Figure;
  readonly rootMeanSquare: number | null;
}

/** Probability that an alarm is ever false, over all looks. */
const CONCEPT_LEVEL = 0.005;

export async function fleetAccuracy(
  store: RollupReads,
  query: FleetQuery,
  { facts, minDevices, targets }: ModelContext & { readonly targets: ModelTargets },
): Promise<FleetAccuracy> {
  const { model } = query;
  const { accuracyRatio } = targets;
  // devices are counted by the day: the labels of an hour could be of one device
  const fromMs = utcDay(query.fromMs) * DAY_MS;
  const toMs = (utcDay(query.toMs - 1) + 1) * DAY_MS;
  const versions: VersionAccuracy[] = [];
  for (const [version, devices] of await devicesByVersion(store, query)) {
    const known = facts?.versions.find((one) => one.version === version);
    const rows =
      devices < minDevices ? [] : await readCohortDays(store, { model, fromMs, toMs, version });
    const figures = versionAccuracy(rows, { version, devices, known, accuracyRatio });
    versions.push(devices < minDevices ? { ...figures, missing: 'too-few-devices' } : figures);
  }
  versions.sort((a, b) => compareVersions(b.version, a.version));
  return { model, fromMs, toMs, minDevices, accuracyRatio, versions };
}

interface Asked {
  readonly version: string;
  readonly devices: number;
  readonly known: VersionFacts | undefined;
  readonly accuracyRatio: number;
}

function versionAccuracy(
  rows: readonly CohortRow[],
  { version, devices, known, accuracyRatio }: Asked,
): VersionAccuracy {
  const confidence = confidenceBins(known);
  const cohorts = accuracyByCohort(rows, confidence);
  const lab = confidence && labOf(confidence.distribution);
  const runs = addedUp(cohorts.map((cohort) => cohort.runs));
  const labels = addedUp(cohorts.map((cohort) => cohort.labels.counts));
  const right = addedUp(cohorts.map((cohort) => cohort.labels.correct));
  const labelled = labelledAccuracy(cohorts);
  const offline = lab && baselineAccuracy(lab);
  const ratioFor = (live: Estimate | undefined) =>
    figureOf(quotient(live, offline), { devices, method: 'weighted-labels' });
  const liveToOffline = ratioFor(labelled);
  return {
    version,
    devices,
    without: [...(lab ? [] : ['baseline' as const]), ...(labelled ? [] : ['labels' as const])],
    estimated: shareFigureOf(
      lab &&
        estimatedAccuracy(
          cohorts.map((cohort) => cohort.runs),
          lab,
        ),
      { devices, method: 'cbpe', estimated: true },
    ),
    labelled: shareFigureOf(labelled, { devices, method: 'weighted-labels' }),
    labelShare: ratioFigureOf(
      cohorts.map((cohort) => ({
        part: totalOf(cohort.labels.counts),
        whole: totalOf(cohort.runs),
      })),
      devices,
    ),
    offline: shareFigureOf(offline, { devices: 0, method: 'count' }),
    liveToOffline,
    isMissByFew:
      isUnder(liveToOffline, accuracyRatio) &&
      !isUnder(ratioFor(labelledAccuracy(withoutMostWrong(cohorts))), accuracyRatio),
    concept: lab
      ? conceptOf(
          cohorts.map((cohort) => cohort.labels),
          lab,
        )
      : null,
    calibration: confidence ? calibrationOf(confidence.distribution, { runs, labels, right }) : [],
    confusion: confusionOf(rows, { devices, baseline: known?.baseline }),
    values: valueErrors(rows, devices),
    outcomes: outcomeMeans(rows, devices),
    unmatched: rows.reduce((sum, { counts }) => sum + (counts.unmatched ?? 0), 0),
  };
}

function conceptOf(cohorts: readonly Labelled[], lab: HeldOut): VersionAccuracy['concept'] {
  const concept = conceptChange(cohorts, lab, CONCEPT_LEVEL);
  if (!concept) return null;
  const isByFew = isConceptByFew(cohorts, lab, CONCEPT_LEVEL);
  return { ...concept, isAlarm: concept.low > 0, isByFew };
}

/** @returns undefined where the held-out samples had no labels */
function labOf({ counts, correct, edges }: ConfidenceBins['distribution']): HeldOut | undefined {
  if (!correct || correct.length === 0) return undefined;
  const middles = counts.map((_, bin) => ((edges[bin] as number) + (edges[bin + 1] as number)) / 2);
  return { counts, correct, middles };
}

function accuracyByCohort(
  rows: readonly CohortRow[],
  confidence: ConfidenceBins | undefined,
): CohortAccuracy[] {
  const bins = confidence?.distribution.counts.length ?? 32;
  const runs = confidence
    ? binsByCohort(rows, { baseline: confidence.baseline, position: confidence.position, bins })
    : [];
  return byCohort(rows, (own) => labelsOf(own, bins)).map((labels, cohort) => ({
    runs: runs[cohort] ?? [],
    labels,
  }));
}

function labelsOf(rows: readonly CohortRow[], bins: number): Labelled {
  const counts = new Array<number>(bins).fill(0);
  const correct = new Array<number>(bins).fill(0);
  for (const { feedback } of rows.map((row) => row.counts)) {
    for (const ofAge of Object.values(feedback ?? {})) {
      for (const [bin, labels] of Object.entries(ofAge.bins ?? {})) {
        const i = Number(bin);
        if (i >= bins) continue;
        counts[i] = (counts[i] as number) + labels.n;
        correct[i] = (correct[i] as number) + labels.correct;
      }
    }
  }
  return { counts, correct };
}

function withoutMostWrong(cohorts: readonly CohortAccuracy[]): CohortAccuracy[] {
  const wrong = cohorts.map(({ labels }) => totalOf(labels.counts) - totalOf(labels.correct));
  return withoutHeaviest(cohorts, wrong);
}

/** Computes the quotient by the delta method. The two are independent. */
function quotient(live: Estimate | undefined, offline: Estimate | undefined): Estimate | undefined {
  if (!live || !offline || live.value === 0 || offline.value === 0) return undefined;
  const value = live.value / offline.value;
  const relative = live.variance / live.value ** 2 + offline.variance / offline.value ** 2;
  return { value, variance: value ** 2 * relative, n: live.n, degrees: live.degrees };
}

function calibrationOf(
  { edges, counts, correct }: ConfidenceBins['distribution'],
  { runs, labels, right }: { runs: BinCounts; labels: BinCounts; right: BinCounts },
): CalibrationBin[] {
  return counts.map((lab, bin) => ({
    from: edges[bin] as number,
    to: edges[bin + 1] as number,
    runs: runs[bin] ?? 0,
    labels: labels[bin] ?? 0,
    correct: right[bin] ?? 0,
    lab,
    labCorrect: correct?.[bin] ?? 0,
  }));
}

function confusionOf(
  rows: readonly CohortRow[],
  { devices, baseline }: { devices: number; baseline: Baseline | undefined },
): Confusion | null {
  const all = pairsOf(rows);
  const classes = baseline?.distributions.find(({ name }) => name === 'class');
  if (all.length === 0 || !classes || !('labels' in classes)) return null;
  const labels = [...classes.labels, 'other'];
  const cohorts = byCohort(rows, pairsOf);
  const share = (side: 'actual' | 'predicted', position: number) =>
    ratioFigureOf(
      cohorts.map((pairs) => {
        const own = pairs.filter((pair) => pair[side] === position);
        const both = own.filter(({ actual, predicted }) => actual === predicted);
        return { part: totalOf(both.map(({ n }) => n)), whole: totalOf(own.map(({ n }) => n)) };
      }),
      devices,
    );
  return {
    labels,
    pairs: all
      .map(({ actual, predicted, n }) => [actual, predicted, n] as const)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    byLabel: labels.map((label, position) => ({
      label,
      precision: share('predicted', position),
      recall: share('actual', position),
    })),
  };
}

function pairsOf(rows: readonly CohortRow[]): { actual: number; predicted: number; n: number }[] {
  const ofAges = rows.flatMap(({ counts }) => Object.values(counts.feedback ?? {}));
  const byPair = byFrequency(ofAges.map(({ confusion }) => confusion));
  return Object.entries(byPair).map(([pair, n]) => {
    const [actual = 0, predicted = 0] = pair.split(' ').map(Number);
    return { actual, predicted, n };
  });
}

function valueErrors(rows: readonly CohortRow[], devices: number): ValueErrors | null {
  const cohorts = byCohort(rows, (own) => {
    const sums = { n: 0, error: 0, absolute: 0, squares: 0 };
    for (const { counts } of own) {
      for (const { values } of Object.values(counts.feedback ?? {})) {
        if (!values) continue;
        for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += values[name];
      }
    }
    return sums;
  });
  const n = cohorts.reduce((sum, one) => sum + one.n, 0);
  if (n === 0) return null;
  const mean = (name: 'error' | 'absolute') =>
    figureOf(ratioOf(cohorts.map((one) => ({ part: one[name], whole: one.n }))), {
      devices,
      method: 'cohort-ratio',
    });
  const squares = cohorts.reduce((sum, one) => sum + one.squares, 0);
  return {
    mean: mean('error'),
    meanAbsolute: mean('absolute'),
    rootMeanSquare: Math.sqrt(squares / n),
  };
}

function outcomeMeans(rows: readonly CohortRow[], devices: number): VersionAccuracy['outcomes'] {
  const names = new Set(rows.flatMap(({ counts }) => Object.keys(counts.outcomes ?? {})));
  return [...names].sort().map((name) => ({
    name,
    mean: figureOf(
      ratioOf(
        ratioByCohort(rows, ({ counts }) => {
          const { sum = 0, n = 0 } = counts.outcomes?.[name] ?? {};
          return { part: sum, whole: n };
        }),
      ),
      { devices, method: 'cohort-ratio' },
    ),
  }));
}
