import { expect, test } from 'vitest';
import { seededDraws } from '../testing/seeded-draws.js';
import { type ArmSums, compareMeans, compareShares, compareSizes } from './guardrail.js';
import { mayStep, verdictOf } from './verdict.js';

const OPTIONS = { margin: 0.005, level: 0.0016 };

/** Both sides of a rollout; shares of what is bad. */
function arms(canary: number, control: number, { cohorts = 64, each = 5000, seed = 1 } = {}) {
  const draws = seededDraws(seed);
  const side = (share: number) => {
    const noise = Math.sqrt((share * (1 - share)) / each) * 2 * (draws.uniform() - 0.5);
    return { part: Math.max(0, Math.round(each * (share + noise))), whole: each };
  };
  return Array.from(
    { length: cohorts },
    (): ArmSums => ({
      canary: side(canary),
      control: side(control),
    }),
  );
}

test('a canary that fails twice as often is rolled back, by name', () => {
  const result = compareShares(arms(0.02, 0.01), OPTIONS);
  expect(result?.difference).toBeCloseTo(0.01, 2);
  expect(verdictOf([{ name: 'failed-runs', margin: 0.005, result }])).toEqual({
    verdict: 'roll-back',
    because: ['failed-runs'],
  });
});

test('one that is worse by less than the margin is not rolled back, however sure that is', () => {
  const result = compareShares(arms(0.013, 0.01, { each: 100_000 }), OPTIONS);
  expect(result?.low).toBeGreaterThan(0);
  expect(verdictOf([{ name: 'failed-runs', margin: 0.005, result }]).verdict).toBe('promote');
});

test('one that nobody knows enough of is held, with how many times the devices are needed', () => {
  const result = compareShares(arms(0.01, 0.01, { each: 60 }), OPTIONS);
  const verdict = verdictOf([{ name: 'failed-runs', margin: 0.005, result }]);
  expect(verdict).toMatchObject({ verdict: 'hold', because: ['failed-runs'] });
  const times = verdict.verdict === 'hold' ? verdict.times : null;
  const later = compareShares(arms(0.01, 0.01, { each: 60 * Math.ceil(times ?? 0) * 2 }), OPTIONS);
  expect(later?.high).toBeLessThan(0.005);
});

test('one that seems worse than tolerated is held for as long as it takes to be sure, whatever the others need', () => {
  const judged = (each: number) => {
    const worse = compareShares(arms(0.03, 0.01, { each }), OPTIONS);
    const like = compareShares(arms(0.01, 0.01, { each }), { ...OPTIONS, margin: 0.0001 });
    return verdictOf([
      { name: 'failed-runs', margin: 0.005, result: worse },
      { name: 'failed-starts', margin: 0.0001, result: like },
    ]);
  };
  const verdict = judged(20);
  expect(verdict).toMatchObject({ verdict: 'hold', because: ['failed-runs', 'failed-starts'] });
  const times = (verdict.verdict === 'hold' && verdict.times) || 0;
  expect(times).toBeGreaterThan(1);
  expect(judged(20 * Math.ceil(times) * 2).verdict).toBe('roll-back');
});

test('without a single failure on either side the interval is not a point', () => {
  const result = compareShares(arms(0, 0, { each: 10 }), OPTIONS);
  expect(result?.difference).toBe(0);
  expect(result?.high).toBeGreaterThan(0.005);
});

test('under 48 cohorts with both sides there is no verdict', () => {
  expect(compareShares(arms(0.5, 0.01, { cohorts: 47 }), OPTIONS)).toBeUndefined();
  expect(verdictOf([{ name: 'failed-runs', margin: 0.005, result: undefined }])).toEqual({
    verdict: 'hold',
    because: ['failed-runs'],
    times: null,
  });
});

test.each([1, -1])('four forged cohorts without limit neither blame nor hide (%d)', (sign) => {
  const honest = arms(sign > 0 ? 0.01 : 0.03, 0.01);
  const forged = honest.map((own, cohort) => {
    if (cohort % 16 !== 0) return own;
    const bad = { part: 1e9, whole: 1e9 };
    const good = { part: 0, whole: 1e9 };
    return sign > 0 ? { canary: bad, control: good } : { canary: good, control: bad };
  });
  const result = compareShares(forged, OPTIONS);
  const { verdict } = verdictOf([{ name: 'failed-runs', margin: 0.005, result }]);
  expect(verdict === 'roll-back').toBe(sign < 0);
});

test('missing devices are a share of those that there should be', () => {
  const cohorts = Array.from(
    { length: 64 },
    (): ArmSums => ({
      canary: { part: 0, whole: 320 },
      control: { part: 0, whole: 400 },
    }),
  );
  const result = compareSizes(cohorts, { margin: 0.1, level: 0.0016 });
  expect(result?.difference).toBeCloseTo(0.2, 2);
  expect(result?.low).toBeGreaterThan(0.1);
});

test('more devices than there should be are no harm', () => {
  const cohorts = Array.from(
    { length: 64 },
    (_, i): ArmSums => ({
      canary: { part: 0, whole: 40 + (i % 7) },
      control: { part: 0, whole: 30 },
    }),
  );
  const result = compareSizes(cohorts, { margin: 0.1, level: 0.0016 });
  expect(result?.high).toBeLessThan(0.1);
});

test('an outcome that falls is worse, as a share of what the control has', () => {
  const cohorts = arms(0.18, 0.2, { each: 50_000 });
  const result = compareMeans(cohorts, { margin: 0.05, level: 0.0016 });
  expect(result?.difference).toBeCloseTo(0.1, 1);
  expect(result?.low).toBeGreaterThan(0);
  expect(compareMeans(arms(0, 0), { margin: 0.05, level: 0.0016 })).toBeUndefined();
});

test('an outcome that is the same in every cohort has an interval, and one that halved is never promoted', () => {
  const side = (mean: number) => ({ part: 100 * mean, whole: 100 });
  const cohorts = Array.from({ length: 64 }, () => ({ canary: side(0.5), control: side(1) }));
  const result = compareMeans(cohorts, { margin: 0.05, level: 0.0016 });
  expect(result?.high).toBeGreaterThan(0.5);
  const judged = { name: 'outcome-bought', margin: 0.05, result };
  expect(verdictOf([judged]).verdict).toBe('roll-back');
  const nothing = { isUnderTwice: false, cohorts: 64, needed: () => undefined };
  const unknown = { difference: 0, low: NaN, high: NaN, ...nothing };
  expect(verdictOf([{ ...judged, result: unknown }]).verdict).toBe('hold');
});

test('a margin of nothing still lets a canary be rolled back', () => {
  const result = compareShares(arms(0.05, 0.01), { margin: 0, level: 0.0016 });
  expect(verdictOf([{ name: 'failed-runs', margin: 0, result }]).verdict).toBe('roll-back');
});

test('less is asked of a small share than of a large one, and of none that a version worse by twice its margin is kept back', () => {
  const steps = (canary: number, each: number) => {
    const result = compareShares(arms(canary, 0.01, { each }), OPTIONS);
    const judged = [{ name: 'failed-runs', margin: 0.005, result }];
    return [0.01, 0.05, 0.25, null].map((share) => mayStep(judged, share));
  };
  expect(steps(0.01, 20)).toEqual([true, false, false, false]);
  expect(steps(0.01, 60)).toEqual([true, true, false, false]);
  expect(steps(0.01, 5000)).toEqual([true, true, true, true]);
  expect(steps(0.02, 100_000)).toEqual([false, false, false, false]);
  expect(mayStep([{ name: 'failed-runs', margin: 0.005, result: undefined }], 0.01)).toBe(false);
});

test('events without number in four cohorts make no verdict sooner, and more failures than events none impossible', () => {
  const quiet = arms(0, 0, { each: 10 });
  const forgedBy = (forged: ArmSums['canary']) => {
    const cohorts = quiet.map((own, i) =>
      i % 16 === 0 ? { canary: forged, control: forged } : own,
    );
    return compareShares(cohorts, OPTIONS)?.high ?? NaN;
  };
  const honest = compareShares(quiet, OPTIONS)?.high ?? NaN;
  for (const forged of [
    { part: 0, whole: 1e9 },
    { part: 1e9, whole: 1 },
  ]) {
    expect(forgedBy(forged)).toBeGreaterThan(0.9 * honest);
    expect(forgedBy(forged)).toBeLessThan(10 * honest);
  }
});

test('a flood over all cohorts does blame, and does hide: only a person, or a cap on steps, stands against that', () => {
  const flooded = (bad: 'canary' | 'control') => {
    const cohorts = arms(bad === 'canary' ? 0.01 : 0.03, 0.01).map((own) => ({
      ...own,
      [bad]: { part: 1e9, whole: 1e9 },
    }));
    return verdictOf([
      { name: 'failed-runs', margin: 0.005, result: compareShares(cohorts, OPTIONS) },
    ]);
  };
  expect(flooded('canary').verdict).toBe('roll-back');
  expect(flooded('control').verdict).toBe('promote');
});
