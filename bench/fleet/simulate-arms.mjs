import { STANDARD_MARGINS_BPS } from '../../packages/collector/dist/fleet/arm-measures.js';
import {
  levelsOf,
  lowLevelOfPart,
} from '../../packages/collector/dist/fleet/rollout-guardrails.js';
import {
  compareShares,
  compareSizes,
  onBothSides,
} from '../../packages/collector/dist/statistics/guardrail.js';
import { mayStep, verdictOf } from '../../packages/collector/dist/statistics/verdict.js';
import { drawsOf } from './random.mjs';

const COHORTS = 64;
const LOOKS_OF_A_DAY = 24;
/** A share of each kind: of few devices, of some, of many. */
const SHARES = [0.01, 0.05, 0.25];
/** Reports of a device on a day. */
const REPORTS_OF_A_DAY = 4;
/** Few devices have most of the failures: a beta distribution of this concentration. */
const CONCENTRATION = 8;
/** What is so of a version that is no worse. */
const BASE = { failed: 0.01, slow: 0.05, unsure: 0.05, starts: 0.005 };
const NAMES = Object.keys(STANDARD_MARGINS_BPS);
const { level: LEVEL, lowLevel: LOW_LEVEL } = levelsOf(NAMES.length);
const LOW_LEVEL_OF_PART = lowLevelOfPart(LEVEL);
/** Of the i-th of 25 devices: its class and backend. Tablets are 8 % of all. */
const CLASSES = ['tablet', 'tablet', ...repeated('phone', 12), ...repeated('desktop-large', 11)];
const BACKENDS = ['onnx-wasm', 'onnx-wasm', 'onnx-wasm', 'onnx-webgpu'];
const PARTS = [...new Set([...CLASSES, ...BACKENDS])];

/**
 * Looks at a canary and its control until the canary is rolled back.
 *
 * @param {{
 *   seed: number,
 *   devices?: number,
 *   looks?: number,
 *   worse?: Partial<Record<'failed' | 'slow' | 'unsure' | 'starts', number>>,
 *   part?: string,
 *   silent?: number,
 *   forge?: 'blame' | 'hide',
 *   forgedCohorts?: number,
 *   stops?: boolean,
 * }} options `devices` of each arm; `worse`: what is added to a share of the canary's; `part`: it is
 * added for these devices alone, which are so fast that their slow runs are quick ones among those of the whole; `silent`: share of its devices that
 * never report; `forge`: what invented reports of some cohorts are to do; `stops: false`: looks on after a verdict
 */
export function simulateArms(options) {
  const { looks = 100, stops = true } = options;
  const arms = openArms(options);
  const found = {
    rolledBackAt: undefined,
    promotedAt: undefined,
    because: [],
    radii: {},
    steppedAt: {},
  };
  for (let look = 1; look <= looks; look += 1) {
    const { guardrails, parts } = arms.look();
    for (const { name, result } of guardrails) {
      found.radii[name] = result ? (result.high - result.low) / 2 : Infinity;
    }
    const { verdict, because } = verdictOf(guardrails, parts);
    if (verdict === 'promote') found.promotedAt ??= look;
    for (const share of SHARES) {
      const steps = verdict !== 'roll-back' && look >= LOOKS_OF_A_DAY && mayStep(guardrails, share);
      if (steps) found.steppedAt[share] ??= look;
    }
    if (verdict === 'roll-back') {
      found.rolledBackAt ??= look;
      found.because = because;
      if (stops) break;
    }
  }
  return found;
}

/**
 * A canary and its control, whose devices report between two looks.
 *
 * @param {Omit<Parameters<typeof simulateArms>[0], 'looks' | 'stops'> & { looksOfADay?: number }} options
 */
export function openArms({ seed, devices = 2000, worse = {}, silent = 0, ...options }) {
  const { part, forge, forgedCohorts = 4, looksOfADay = LOOKS_OF_A_DAY } = options;
  const reporting = REPORTS_OF_A_DAY / looksOfADay;
  const draws = drawsOf(seed);
  const arms = {
    canary: makeArm({ devices, worse, silent, part }, draws),
    control: makeArm({ devices, worse: {}, silent: 0, part }, draws),
  };
  const sums = { whole: makeSums(), parts: new Map(PARTS.map((name) => [name, makeSums()])) };
  const devicesOfDays = { canary: [], control: [] };
  let looks = 0;
  return {
    /** @returns the guardrails at the next look, the devices of each side on the busiest day, and the cohorts on both */
    look() {
      const day = Math.floor(looks / looksOfADay);
      looks += 1;
      for (const [arm, list] of Object.entries(arms)) {
        devicesOfDays[arm][day] ??= 0;
        for (const device of list) {
          if (!draws.chance(reporting)) continue;
          if (device.day < day) devicesOfDays[arm][day] += 1;
          report(device, { arm, day, sums }, draws);
        }
      }
      if (forge) addForged(sums, forge, forgedCohorts);
      return {
        devices: {
          canary: Math.max(...devicesOfDays.canary),
          control: Math.max(...devicesOfDays.control),
        },
        cohorts: onBothSides(sums.whole['missing-devices']).length,
        guardrails: compare(sums.whole, LOW_LEVEL),
        parts: [...sums.parts].flatMap(([name, ofPart]) =>
          compare(ofPart, LOW_LEVEL_OF_PART, `-on-${name}`),
        ),
      };
    },
  };
}

function makeArm({ devices, worse, silent, part }, draws) {
  const share = (name, isWorse) => {
    const mean = BASE[name] + (isWorse ? (worse[name] ?? 0) : 0);
    return draws.beta(mean * CONCENTRATION, (1 - mean) * CONCENTRATION);
  };
  // buckets are drawn: an arm is not of exactly so many
  const count = Math.round(devices + Math.sqrt(devices) * draws.normal());
  const list = [];
  for (let i = 0; i < count; i += 1) {
    if (draws.chance(silent)) continue;
    const parts = [CLASSES[i % CLASSES.length], BACKENDS[(i >> 1) % BACKENDS.length]];
    const isWorse = part === undefined || parts.includes(part);
    list.push({
      parts,
      fastPart: isWorse ? part : undefined,
      cohort: draws.below(COHORTS),
      use: Math.min(draws.pareto(1.2), 30),
      failed: share('failed', isWorse),
      slow: share('slow', isWorse),
      unsure: share('unsure', isWorse),
      starts: share('starts', isWorse),
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
  const add = (name, part, whole, amongFast = part) => {
    for (const kind of [undefined, ...device.parts]) {
      const ofKind = kind === undefined ? sums.whole : sums.parts.get(kind);
      const own = ofKind[name][device.cohort][arm];
      own.part += kind === device.fastPart ? amongFast : part;
      own.whole += whole;
    }
  };
  const runs = 1 + draws.poisson(Math.min(device.use, 20));
  const failed = draws.binomial(runs, device.failed);
  const ok = runs - failed;
  add('failed-runs', failed, runs);
  const slow = draws.binomial(ok, device.slow);
  // what is slow for them is quick beside all others
  const isSlowForAll = device.fastPart === undefined;
  add('slow-runs', isSlowForAll ? slow : draws.binomial(ok, BASE.slow), ok, slow);
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

/** Without limit: a million of everything at each look, on both sides and for each part, bad on one side. */
function addForged({ whole, parts }, forge, cohorts) {
  const step = COHORTS / cohorts;
  for (let cohort = 0; cohort < COHORTS; cohort += step) {
    for (const [sums, name] of [whole, ...parts.values()].flatMap((sums) =>
      NAMES.map((name) => [sums, name]),
    )) {
      const { canary, control } = sums[name][cohort];
      const bad = forge === 'blame' ? canary : control;
      for (const side of [canary, control]) side.whole += 1e6;
      bad.part += 1e6;
    }
  }
}

function compare(sums, lowLevel, suffix = '') {
  return NAMES.map((name) => {
    const margin = STANDARD_MARGINS_BPS[name] / 10_000;
    const options = { margin, level: LEVEL, lowLevel };
    const result =
      name === 'missing-devices'
        ? compareSizes(sums[name], options)
        : compareShares(sums[name], options);
    return { name: `${name}${suffix}`, margin, result };
  });
}

function repeated(item, times) {
  return new Array(times).fill(item);
}
