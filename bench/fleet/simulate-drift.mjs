import { changeSince } from '../../packages/collector/dist/statistics/composition-change.js';
import { alarmsOf, alarmsOfParts } from '../../packages/collector/dist/statistics/drift-alarm.js';
import { drawsOf } from './random.mjs';
import { makeSpecialised } from './specialised-devices.mjs';

const HOURS = 24;
const WEEKS = 4;
const DRIFTING = 0;
/** As the collector has it. */
const FEWEST_COHORTS_OF_A_PART = 48;

/**
 * One fleet over a day of hours, each held against the same hours before.
 *
 * @param {{
 *   seed: number,
 *   psi?: number,
 *   part?: string,
 *   after?: number,
 *   concentration?: number,
 *   reporting?: number,
 *   devices?: number,
 * }} options `psi`: how far confidence moves for the last hours; 0: nothing changes. `part`: only these devices change.
 * `after`: so many hours are after the change
 */
export function simulateDrift({
  seed,
  psi = 0,
  part,
  after = 2,
  concentration = 10,
  reporting = 300,
  devices = 2000,
}) {
  const draws = drawsOf(seed);
  const fleet = makeSpecialised({ devices, concentration }, draws);
  // half of the fleets have a past of four weeks, half that of a day
  const weeks = seed % 2 === 0 ? WEEKS : 1;
  const change = psi > 0 ? fleet.changeOf(DRIFTING, psi, part) : undefined;
  const seen = [];
  const windows = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    const pasts = Array.from({ length: weeks }, () => fleet.hour(hour, reporting));
    const now = fleet.hour(hour, reporting, hour >= HOURS - after ? change : undefined, part);
    seen.push(now.devices);
    windows.push(changesOf(fleet.distributions, now, pasts));
  }
  const alarms = alarmsOf(windows.map(({ whole }) => whole));
  const named = alarmsOfParts(windows).map((alarming, i) => namedPart(windows[i], alarming));
  const before = HOURS - after;
  const wholes = windows.flatMap(({ whole }) => whole);
  const last = windows.at(-1).whole[DRIFTING];
  return {
    hasFalseAlarm: alarms.slice(0, before).some((ofHour) => ofHour.some(Boolean)),
    hasFalsePartAlarm: named.slice(0, before).some(Boolean),
    hasAlarm: alarms.at(-1).some(Boolean),
    /** Parts that were named after the change, by hour. */
    named: named.slice(before),
    truth: psi,
    estimate: last.psi - last.expectedPsi,
    devices: seen.reduce((sum, n) => sum + n, 0) / seen.length,
    pValues: wholes.map(({ pValue }) => pValue),
    naivePValues: wholes.map(({ naivePValue }) => naivePValue),
  };
}

/** The changes of a window against its past, of the whole fleet and of each part. */
function changesOf(distributions, now, pasts) {
  const pastOf = (counts) => pasts.map(counts).reduce(added);
  const all = pastOf(({ counts }) => counts);
  const whole = distributions.map(({ isOrdered }, i) =>
    changeSince(now.counts[i], all[i], { isOrdered }),
  );
  const parts = now.parts.map(([, counts], k) => {
    const past = pastOf(({ parts }) => parts[k][1]);
    return distributions.map(({ isOrdered }, i) =>
      changeSince(counts[i], past[i], { isOrdered, fewestCohorts: FEWEST_COHORTS_OF_A_PART }),
    );
  });
  return { whole, parts, names: now.parts.map(([name]) => name) };
}

/** The part that is named: the one with the largest effect of those that alarm. */
function namedPart({ parts, names }, alarming) {
  let [name, largest] = [undefined, 0];
  for (const [k, ofPart] of alarming.entries()) {
    for (const [i, isAlarm] of ofPart.entries()) {
      const change = parts[k][i];
      const effect = isAlarm ? change.psi - change.expectedPsi : 0;
      if (effect > largest) [name, largest] = [names[k], effect];
    }
  }
  return name;
}

function added(one, other) {
  return one.map((counts, i) =>
    counts.map((bins, cohort) => bins.map((n, bin) => n + other[i][cohort][bin])),
  );
}
