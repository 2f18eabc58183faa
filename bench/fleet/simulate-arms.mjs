import { compareShares, compareSizes } from '../../packages/collector/dist/statistics/guardrail.js';
import { verdictOf } from '../../packages/collector/dist/statistics/verdict.js';
import { drawsOf } from './random.mjs';

const COHORTS = 64;
const LOOKS_OF_A_DAY = 24;
/** Share of an arm's devices that report at a look. */
const REPORTING = 1 / 6;
/** Few devices have most of the failures: a beta distribution of this concentration. */
const CONCENTRATION = 8;
/** What is so of a version that is no worse. */
const BASE = { failed: 0.01, slow: 0.05, unsure: 0.05, starts: 0.005 };
/** As the collector has them. */
const MARGINS = {
  'failed-runs': 0.005,
  'failed-devices': 0.02,
  'failed-starts': 0.005,
  'slow-runs': 0.02,
  'unsure-runs': 0.02,
  'missing-devices': 0.1,
};
const NAMES = Object.keys(MARGINS);
const LEVEL = 0.01 / NAMES.length;

/**
 * Looks at a canary and its control until the canary is rolled back.
 *
 * @param {{
 *   seed: number,
 *   devices?: number,
 *   looks?: number,
 *   worse?: Partial<Record<'failed' | 'slow' | 'unsure' | 'starts', number>>,
 *   silent?: number,
 *   forge?: 'blame' | 'hide',
 *   forgedCohorts?: number,
 *   stops?: boolean,
 * }} options `devices` of each arm; `worse`: what is added to a share of the canary's; `silent`: share of its devices that
 * never report; `forge`: what invented reports of some cohorts are to do; `stops: false`: looks on after a verdict
 */
export function simulateArms(options) {
  const { seed, devices = 2000, looks = 100, worse = {}, silent = 0, stops = true } = options;
  const { forge, forgedCohorts = 4 } = options;
  const draws = drawsOf(seed);
  const arms = {
    canary: makeArm({ devices, worse, silent }, draws),
    control: makeArm({ devices, worse: {}, silent: 0 }, draws),
  };
  const sums = makeSums();
  const found = { rolledBackAt: undefined, promotedAt: undefined, because: [], radii: {} };
  for (let look = 1; look <= looks; look += 1) {
    const day = Math.floor((look - 1) / LOOKS_OF_A_DAY);
    for (const [arm, list] of Object.entries(arms)) {
      for (const device of list) {
        if (draws.chance(REPORTING)) report(device, { arm, day, sums }, draws);
      }
    }
    if (forge) addForged(sums, forge, forgedCohorts);
    const guardrails = judge(sums);
    for (const { name, result } of guardrails) {
      found.radii[name] = result ? (result.high - result.low) / 2 : Infinity;
    }
    const { verdict, because } = verdictOf(guardrails);
    if (verdict === 'promote') found.promotedAt ??= look;
    if (verdict === 'roll-back') {
      found.rolledBackAt ??= look;
      found.because = because;
      if (stops) break;
    }
  }
  return found;
}

function makeArm({ devices, worse, silent }, draws) {
  const share = (name) => {
    const mean = BASE[name] + (worse[name] ?? 0);
    return draws.beta(mean * CONCENTRATION, (1 - mean) * CONCENTRATION);
  };
  // buckets are drawn: an arm is not of exactly so many
  const count = Math.round(devices + Math.sqrt(devices) * draws.normal());
  const list = [];
  for (let i = 0; i < count; i += 1) {
    if (draws.chance(silent)) continue;
    list.push({
      cohort: draws.below(COHORTS),
      use: Math.min(draws.pareto(1.2), 30),
      failed: share('failed'),
      slow: share('slow'),
      unsure: share('unsure'),
      starts: share('starts'),
      day: -1,
      failedDay: -1,
    });
  }
  return list;
}

function makeSums() {
  const empty = () => ({ canary: { part: 0, whole: 0 }, control: { part: 0, whole: 0 } });
  return Object.fromEntries(NAMES.map((name) => [name, Array.from({ length: COHORTS }, empty)]));
}

function report(device, { arm, day, sums }, draws) {
  const add = (name, part, whole) => {
    const own = sums[name][device.cohort][arm];
    own.part += part;
    own.whole += whole;
  };
  const runs = 1 + draws.poisson(Math.min(device.use, 20));
  const failed = draws.binomial(runs, device.failed);
  const ok = runs - failed;
  add('failed-runs', failed, runs);
  add('slow-runs', draws.binomial(ok, device.slow), ok);
  add('unsure-runs', draws.binomial(ok, device.unsure), ok);
  add('failed-starts', draws.binomial(1, device.starts), 1);
  if (device.day < day) {
    device.day = day;
    add('failed-devices', 0, 1);
    add('missing-devices', 0, 1);
  }
  if (failed > 0 && device.failedDay < day) {
    device.failedDay = day;
    add('failed-devices', 1, 0);
  }
}

/** Without limit: a million of everything at each look, on both sides, bad on one of them. */
function addForged(sums, forge, cohorts) {
  const step = COHORTS / cohorts;
  for (let cohort = 0; cohort < COHORTS; cohort += step) {
    for (const name of NAMES) {
      const { canary, control } = sums[name][cohort];
      const bad = forge === 'blame' ? canary : control;
      for (const side of [canary, control]) side.whole += 1e6;
      bad.part += 1e6;
    }
  }
}

function judge(sums) {
  return NAMES.map((name) => {
    const margin = MARGINS[name];
    const options = { margin, level: LEVEL };
    const result =
      name === 'missing-devices'
        ? compareSizes(sums[name], options)
        : compareShares(sums[name], options);
    return { name, margin, result };
  });
}
