import { expect, test } from 'vitest';
import { type SeededDraws, seededDraws } from '../testing/seeded-draws.js';
import {
  type CohortAccuracy,
  conceptChange,
  estimatedAccuracy,
  type HeldOut,
  isConceptByFew,
  labelledAccuracy,
} from './accuracy.js';

/** How often runs are right, by bin of confidence, and how runs lie on the bins. */
const RIGHT = [0.5, 0.8, 0.95, 0.995];
const SHARES = [0.1, 0.2, 0.3, 0.4];
const TRUE_ACCURACY = 0.893;

/** How much rather the truth of a run comes back, by bin: people correct what looks wrong. */
const TOLD = [5, 3, 1, 0.5];

/** A fleet in which people correct what looks wrong. */
function fleet(draws: SeededDraws, options: { runs?: number; right?: readonly number[] } = {}) {
  return observe(emptyCohorts(), draws, options);
}

function emptyCohorts(): CohortAccuracy[] {
  return Array.from({ length: 64 }, () => ({
    runs: [0, 0, 0, 0],
    labels: { counts: [0, 0, 0, 0], correct: [0, 0, 0, 0] },
  }));
}

function observe(
  cohorts: CohortAccuracy[],
  draws: SeededDraws,
  { runs = 20_000, right = RIGHT }: { runs?: number; right?: readonly number[] },
): CohortAccuracy[] {
  for (let i = 0; i < runs; i += 1) {
    const { runs: own, labels } = cohorts[draws.below(64)] as CohortAccuracy;
    const bin = draws.bin(SHARES);
    add(own, bin);
    if (!draws.chance(0.02 * (TOLD[bin] ?? 0))) continue;
    add(labels.counts, bin);
    if (draws.chance(right[bin] ?? 0)) add(labels.correct, bin);
  }
  return cohorts;
}

function add(counts: readonly number[], bin: number): void {
  (counts as number[])[bin] = (counts[bin] ?? 0) + 1;
}

function held(draws: SeededDraws, n = 1000): HeldOut {
  const baseline = { counts: [0, 0, 0, 0], correct: [0, 0, 0, 0], middles: RIGHT };
  for (let i = 0; i < n; i += 1) {
    const bin = draws.bin(SHARES);
    add(baseline.counts, bin);
    if (draws.chance(RIGHT[bin] ?? 0)) add(baseline.correct, bin);
  }
  return baseline;
}

const seeds = (n: number) => Array.from({ length: n }, (_, i) => seededDraws(i + 1));

test('labels weighted to the mix of all runs give the accuracy; taken as they are, they show more errors', () => {
  let [covered, weighted, raw] = [0, 0, 0];
  for (const draws of seeds(100)) {
    const cohorts = fleet(draws);
    const { value = 0, variance = 0 } = labelledAccuracy(cohorts) ?? {};
    weighted += value / 100;
    if (Math.abs(value - TRUE_ACCURACY) < 2 * Math.sqrt(variance)) covered += 1;
    const sum = (part: 'counts' | 'correct') =>
      cohorts.reduce((all, { labels }) => all + labels[part].reduce((a, b) => a + b, 0), 0);
    raw += sum('correct') / sum('counts') / 100;
  }
  expect(weighted).toBeCloseTo(TRUE_ACCURACY, 2);
  expect(raw).toBeLessThan(TRUE_ACCURACY - 0.08);
  expect(covered).toBeGreaterThan(88);
});

test('without labels, accuracy is estimated from confidence, the baseline’s own error counted in', () => {
  let covered = 0;
  for (const draws of seeds(100)) {
    const { value = 0, variance = 0 } =
      estimatedAccuracy(
        fleet(draws).map(({ runs }) => runs),
        held(draws),
      ) ?? {};
    if (Math.abs(value - TRUE_ACCURACY) < 2 * Math.sqrt(variance)) covered += 1;
  }
  expect(covered).toBeGreaterThan(88);
});

test('that the same confidence has come to mean less is found by labels, and not by the estimate', () => {
  const level = 0.005;
  let [found, estimate] = [0, 0];
  for (const draws of seeds(50)) {
    const cohorts = fleet(draws, { right: RIGHT.map((share) => share * 0.85) });
    const baseline = held(draws);
    const change = conceptChange(
      cohorts.map(({ labels }) => labels),
      baseline,
      level,
    );
    if ((change?.low ?? 0) > 0) found += 1;
    estimate +=
      (estimatedAccuracy(
        cohorts.map(({ runs }) => runs),
        baseline,
      )?.value ?? 0) / 50;
  }
  expect(found).toBeGreaterThan(48);
  expect(estimate).toBeCloseTo(TRUE_ACCURACY, 1);
});

test('labels that are wrong in some cohorts are made by few as long as four of them decide', () => {
  const lab = { counts: [1000], correct: [900], middles: [0.9] };
  const cohorts = (bad: number) =>
    Array.from({ length: 64 }, (_, i) => ({ counts: [40], correct: [i < bad ? 20 : 36] }));
  const alarms = [4, 8, 12, 16, 20, 64].map((bad) => {
    const isAlarm = (conceptChange(cohorts(bad), lab, 0.005)?.low ?? 0) > 0;
    return isAlarm ? isConceptByFew(cohorts(bad), lab, 0.005) : undefined;
  });
  // fewer cohorts raise no alarm
  expect(alarms).toEqual([undefined, undefined, undefined, true, false, false]);
});

test('where nothing has changed, twenty looks raise no alarm of it in 100 fleets', () => {
  let alarms = 0;
  for (const draws of seeds(100)) {
    const baseline = held(draws);
    const cohorts = emptyCohorts();
    for (let look = 0; look < 20; look += 1) {
      observe(cohorts, draws, { runs: 1000 });
      const change = conceptChange(
        cohorts.map(({ labels }) => labels),
        baseline,
        0.005,
      );
      if ((change?.low ?? 0) > 0) {
        alarms += 1;
        break;
      }
    }
  }
  expect(alarms).toBeLessThanOrEqual(1);
});

test('a bin of few held-out samples is not taken for as good as the others', () => {
  // 13 samples of a bin in which the model is right half the time
  const baseline = { counts: [13, 987], correct: [6, 977], middles: [0.25, 0.75] };
  const cohorts = Array.from({ length: 64 }, () => ({ counts: [20, 0], correct: [9, 0] }));
  expect(Math.abs(conceptChange(cohorts, baseline, 0.005)?.deficit ?? 1)).toBeLessThan(0.02);
});

test('without labels, samples or runs there is no figure', () => {
  const none = { counts: [0, 0, 0, 0], correct: [0, 0, 0, 0] };
  expect(labelledAccuracy([{ runs: [1, 2, 3, 4], labels: none }])).toBeUndefined();
  expect(estimatedAccuracy([[1, 2, 3, 4]], { ...none, middles: RIGHT })).toBeUndefined();
  expect(estimatedAccuracy([[0, 0, 0, 0]], held(seededDraws(1)))).toBeUndefined();
  expect(conceptChange([none], held(seededDraws(1)), 0.005)).toBeUndefined();
});

test('labels of a few cohorts alone say nothing of all, however many there are', () => {
  const cohorts = fleet(seededDraws(3)).map(({ runs, labels }, i) => ({
    runs,
    labels: i < 4 ? labels : { counts: [0, 0, 0, 0], correct: [0, 0, 0, 0] },
  }));
  expect(labelledAccuracy(cohorts)).toBeUndefined();
});
