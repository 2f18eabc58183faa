import type { Distribution } from '@nearside/core';
import { expect, test } from 'vitest';
import { createModelEmitter } from '../../../shared/api/events.js';
import type { ServedVersion } from '../../../shared/ended-run.js';
import { compare, rareChiSquare, watchDrift } from './drift.js';

const CONFIDENCE: Distribution = {
  name: 'confidence',
  kind: 'score',
  edges: [0, 0.5, 0.7, 0.8, 0.9, 0.95, 1],
  counts: [20, 50, 80, 150, 300, 1400],
};
const CLASS: Distribution = {
  name: 'class',
  kind: 'output',
  labels: ['cat', 'dog', 'fox'],
  counts: [900, 800, 300, 0],
};

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function draw(counts: readonly number[], random: () => number): number {
  let rest = random() * counts.reduce((sum, count) => sum + count, 0);
  for (const [bin, count] of counts.entries()) {
    rest -= count;
    if (rest < 0) return bin;
  }
  return counts.length - 1;
}

function sample(counts: readonly number[], n: number, random: () => number): number[] {
  const drawn = counts.map(() => 0);
  for (let i = 0; i < n; i += 1) {
    const bin = draw(counts, random);
    drawn[bin] = (drawn[bin] ?? 0) + 1;
  }
  return drawn;
}

function served(distributions: readonly Distribution[] | undefined, version = '1.0.0') {
  const key = { hash: '0123456789abcdef', confidence: 0, class: 1, labels: ['cat', 'dog', 'fox'] };
  return {
    version: { release: { model: 'pets', version, sequence: 1 }, manifestSha256: 'a' },
    variant: { name: 'fp32' },
    backend: 'onnx-wasm',
    loaded: distributions ? { baseline: key, distributions } : {},
  } as unknown as ServedVersion;
}

function watch() {
  const emitter = createModelEmitter();
  const told: unknown[] = [];
  emitter.tap((name, event) => told.push([name, event]));
  const drift = watchDrift(emitter);
  const observe = (bins: readonly number[], of = served([CONFIDENCE, CLASS])) =>
    drift.observe(of, { bins, predicted: undefined, substituted: [] });
  return { told, observe, scores: drift.scores };
}

test('fewer than 50 observations have no score, and their number is told', () => {
  const { observe, scores } = watch();
  expect(scores()).toBeUndefined();
  for (let i = 0; i < 49; i += 1) observe([5, 0]);
  expect(scores()).toMatchObject([
    { distribution: 'confidence', kind: 'score', observations: 49, psi: undefined },
    { distribution: 'class', kind: 'output', observations: 49, psi: undefined },
  ]);
  observe([5, -1]);
  const [confidence, classes] = scores() ?? [];
  expect(confidence?.psi).toBeTypeOf('number');
  expect(classes).toMatchObject({ observations: 49, psi: undefined });
});

test('a version without a baseline has no scores', () => {
  const { observe, scores } = watch();
  observe([], served(undefined));
  expect(scores()).toBeUndefined();
});

test('the score is the population stability index less what chance adds to it', () => {
  const even: Distribution = { ...CLASS, labels: ['yes'], counts: [1000, 1000] };
  // 0.75 and 0.25 against a half each: 2 × 0.25 × ln 3, and one degree of freedom.
  const { psi } = compare(even, [30_000, 10_000]);
  expect(psi).toBeCloseTo(0.25 * Math.log(3) - (1 / 40_000 + 1 / 2000), 3);
});

test('as many observations as the baseline has, mixed as they are there, score 0', () => {
  expect(compare(CONFIDENCE, CONFIDENCE.counts).psi).toBe(0);
});

test('chance alone gives small scores, however few observations there are', () => {
  const random = seeded(7);
  for (const n of [50, 200, 1000]) {
    const scores = Array.from(
      { length: 400 },
      () => compare(CONFIDENCE, sample(CONFIDENCE.counts, n, random)).psi ?? Number.NaN,
    ).sort((a, b) => a - b);
    expect(scores[200]).toBeLessThan(2 / n);
    expect(scores[380]).toBeLessThan(12 / n);
  }
});

test('what is mixed as in the baseline is told of in no visit of 1,000, though each is looked at seven times', () => {
  const random = seeded(11);
  const isTold = (distribution: Distribution) => {
    const { told, observe } = watch();
    const baseline = { ...distribution, counts: sample(distribution.counts, 500, random) };
    const of = served([baseline]);
    for (let i = 0; i < 3200; i += 1) observe([draw(distribution.counts, random)], of);
    return told.length > 0;
  };
  for (let visit = 0; visit < 500; visit += 1) {
    expect(isTold(CONFIDENCE)).toBe(false);
    expect(isTold(CLASS)).toBe(false);
  }
});

test('drift is told of once for each distribution, that of classes too', () => {
  const { told, observe } = watch();
  const random = seeded(13);
  for (let i = 0; i < 3200; i += 1) {
    observe([draw([400, 400, 400, 400, 200, 200], random), draw([100, 100, 1800, 0], random)]);
  }
  expect(told).toMatchObject([
    ['drift-detected', { distribution: 'confidence', kind: 'score' }],
    ['drift-detected', { distribution: 'class', kind: 'output' }],
  ]);
  for (const [, event] of told as [string, { psi: number; observations: number }][]) {
    expect(event.psi).toBeGreaterThan(0.25);
    expect(event.observations).toBeLessThanOrEqual(100);
  }
});

test('a small difference that is certain is told of by the score alone', () => {
  const { told, observe, scores } = watch();
  const random = seeded(17);
  for (let i = 0; i < 6400; i += 1) {
    observe([draw(CONFIDENCE.counts, random), draw([700, 900, 400, 0], random)]);
  }
  expect(told).toEqual([]);
  expect(scores()?.[1]?.psi).toBeGreaterThan(0.02);
});

test('labels that the baseline never saw count, together with the rarest that it saw', () => {
  const { told, observe } = watch();
  for (let i = 0; i < 50; i += 1) observe([5, 3]);
  expect(told).toMatchObject([['drift-detected', { distribution: 'class', observations: 50 }]]);
});

test('another version begins anew', () => {
  const { observe, scores } = watch();
  for (let i = 0; i < 60; i += 1) observe([5, 0]);
  observe([5, 0], served([CONFIDENCE], '1.1.0'));
  expect(scores()).toMatchObject([{ distribution: 'confidence', observations: 1 }]);
});

test('the limit of the chi-square is crossed less than once in 100,000, and not much less', () => {
  for (let freedom = 2; freedom <= 30; freedom += 2) {
    expect(chanceAbove(rareChiSquare(freedom), freedom)).toBeLessThan(1.001e-5);
    expect(chanceAbove(rareChiSquare(freedom) / 1.12, freedom)).toBeGreaterThan(1e-5);
  }
});

/** Exact for an even number of degrees of freedom (Abramowitz and Stegun 26.4.21). */
function chanceAbove(chiSquare: number, freedom: number): number {
  let term = 1;
  let sum = 1;
  for (let j = 1; j < freedom / 2; j += 1) {
    term *= chiSquare / 2 / j;
    sum += term;
  }
  return Math.exp(-chiSquare / 2) * sum;
}
