import { changeSince } from '../../packages/collector/dist/statistics/composition-change.js';
import { alarmsOf } from '../../packages/collector/dist/statistics/drift-alarm.js';
import { drawsOf } from './random.mjs';
import { makeSpecialised } from './specialised-devices.mjs';

const HOURS = 24;
/** Windows after the change. */
const AFTER = 2;
const WEEKS = 4;
const DRIFTING = 0;

/**
 * One fleet over a day of hours, each held against the same hours before.
 *
 * @param {{ seed: number, psi?: number, concentration?: number, reporting?: number, devices?: number }} options `psi`: how
 * far confidence moves for the last two hours; 0: nothing changes
 */
export function simulateDrift({
  seed,
  psi = 0,
  concentration = 10,
  reporting = 300,
  devices = 2000,
}) {
  const draws = drawsOf(seed);
  const fleet = makeSpecialised({ devices, concentration }, draws);
  const { distributions } = fleet;
  // half of the fleets have a past of four weeks, half that of a day
  const weeks = seed % 2 === 0 ? WEEKS : 1;
  const change = psi > 0 ? fleet.changeOf(DRIFTING, psi) : undefined;
  const seen = [];
  const windows = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    const past = distributions.map(() => undefined);
    for (let week = 0; week < weeks; week += 1) {
      const { counts } = fleet.hour(hour, reporting);
      for (const [i, one] of counts.entries()) past[i] = past[i] ? added(past[i], one) : one;
    }
    const now = fleet.hour(hour, reporting, hour >= HOURS - AFTER ? change : undefined);
    seen.push(now.devices);
    windows.push(
      distributions.map(({ isOrdered }, i) => changeSince(now.counts[i], past[i], { isOrdered })),
    );
  }
  const alarms = alarmsOf(windows);
  const after = windows.at(-1)[DRIFTING];
  return {
    hasFalseAlarm: alarms.slice(0, HOURS - AFTER).some((ofHour) => ofHour.some(Boolean)),
    hasAlarm: alarms.at(-1).some(Boolean),
    truth: psi,
    estimate: after.psi - after.expectedPsi,
    devices: seen.reduce((sum, n) => sum + n, 0) / seen.length,
    pValues: windows.flatMap((ofHour) => ofHour.map(({ pValue }) => pValue)),
    naivePValues: windows.flatMap((ofHour) => ofHour.map(({ naivePValue }) => naivePValue)),
  };
}

function added(one, other) {
  return one.map((counts, cohort) => counts.map((n, bin) => n + other[cohort][bin]));
}
