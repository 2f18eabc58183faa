import { conceptChange } from '../../packages/collector/dist/statistics/accuracy.js';
import { drawsOf } from './random.mjs';

const COHORTS = 64;
const LAB_SAMPLES = 1000;
/** By bin of confidence: share of all runs, and how many of them are right. */
const SHARES = [0.02, 0.05, 0.06, 0.07, 0.09, 0.1, 0.13, 0.16, 0.14, 0.18];
const RIGHT = [0.42, 0.66, 0.85, 0.925, 0.965, 0.985, 0.9925, 0.9965, 0.9985, 0.9995];
const EDGES = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1];
const MIDDLES = SHARES.map((_, bin) => (EDGES[bin] + EDGES[bin + 1]) / 2);
const LOOKS = 24;
const LEVEL = 0.005;

/**
 * One fleet whose people say what was true, mostly where the model was unsure.
 *
 * @param {{ seed: number, devices?: number, labels?: number, fewer?: number }} options `fewer`: share of the right ones
 * that are wrong now
 */
export function simulateConcept({ seed, devices: count = 300, labels = 500, fewer = 0 }) {
  const draws = drawsOf(seed);
  const baseline = sampled(draws);
  // where confidence is low people are asked, and some devices answer more than others
  const asked = SHARES.map((share, bin) => share * (1.02 - RIGHT[bin]));
  const devices = Array.from({ length: count }, () => ({
    cohort: draws.below(COHORTS),
    weight: draws.pareto(2),
    // some are used where it is harder: how often they are wrong ÷ how often all are
    trouble: draws.gamma(2) / 2,
  }));
  const cohorts = Array.from({ length: COHORTS }, () => ({
    counts: new Array(10).fill(0),
    correct: new Array(10).fill(0),
  }));
  const truth = { labels: 0, missing: 0 };
  let hasAlarm = false;
  let last;
  for (let look = 0; look < LOOKS; look += 1) {
    for (let i = 0; i < labels / LOOKS; i += 1) {
      const device = draws.weighted(devices.map((one) => [one, one.weight]));
      const bin = draws.weighted(asked.map((share, bin) => [bin, share]));
      const right = Math.max(0, 1 - (1 - RIGHT[bin]) * device.trouble) * (1 - fewer);
      truth.labels += 1;
      truth.missing += right * (fewer / (1 - fewer));
      cohorts[device.cohort].counts[bin] += 1;
      if (draws.chance(right)) cohorts[device.cohort].correct[bin] += 1;
    }
    last = conceptChange(cohorts, baseline, LEVEL);
    hasAlarm ||= (last?.low ?? 0) > 0;
  }
  return { hasAlarm, deficit: last.deficit, truth: truth.missing / truth.labels };
}

function sampled(draws) {
  const counts = draws.multinomial(LAB_SAMPLES, SHARES);
  const correct = counts.map((n, bin) => draws.binomial(n, RIGHT[bin]));
  return { counts, correct, middles: MIDDLES };
}
