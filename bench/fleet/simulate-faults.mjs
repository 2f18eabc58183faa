import {
  isMissByFew,
  ratioFigureOf,
} from '../../packages/collector/dist/statistics/cohort-ratio.js';
import { isUnder } from '../../packages/collector/dist/statistics/figure.js';
import { drawsOf } from './random.mjs';

const COHORTS = 64;
/** As the collector has it, where nobody says otherwise. */
const TARGET = 0.999;
const BASE = 0.0003;
/** Share of the runs of a faulty device that fail. */
const FAILING = 0.2;

/**
 * A day of one fleet, of which some devices have a fault: is it blamed, and is the blame said to be that of few?
 *
 * @param {{ seed: number, faulty?: number, forgedCohorts?: number, devices?: number }} options `faulty`: share of devices;
 * `forgedCohorts`: so many cohorts invent a hundred failures each
 */
export function simulateFaults({ seed, faulty = 0, forgedCohorts = 0, devices = 2000 }) {
  const draws = drawsOf(seed);
  const cohorts = Array.from({ length: COHORTS }, (_, i) => {
    const forged = i < forgedCohorts ? 100 : 0;
    return { part: 0, whole: forged };
  });
  for (let i = 0; i < devices; i += 1) {
    const own = cohorts[draws.below(COHORTS)];
    const runs = 1 + draws.poisson(Math.min(10 * draws.pareto(1.2), 200));
    const failed = draws.binomial(runs, draws.chance(faulty) ? FAILING : BASE);
    own.part += runs - failed;
    own.whole += runs;
  }
  return {
    isBlamed: isUnder(ratioFigureOf(cohorts, devices), TARGET),
    isByFew: isMissByFew(cohorts, { devices, target: TARGET }),
  };
}
