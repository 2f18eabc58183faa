import { increment, updateOf } from '../../packages/nearside/dist/page/telemetry/later/tally.js';

/**
 * How often what happens, in shares: of updates, of windows, of runs.
 *
 * @typedef {{
 *   failedUpdates: (version: string) => number,
 *   givenUp: (version: string) => number,
 *   missing: (app: string) => number,
 * }} Faults
 */

const QUARANTINED = 0.002;
const REFUSED_INPUTS = 0.01;
const ABORTED = 0.02;
const FEATURES = 2;

/**
 * Brings a device to the version that it is to have: an update may fail, and is tried again in the next window. A version
 * that was given up is not tried again.
 *
 * @returns what serves, and what there is to tell of an update
 */
export function updateDevice(device, { version, faults }, draws) {
  if (device.installed === undefined || version === device.installed) {
    device.installed ??= version;
    return servedBy(device, { version, faults }, draws);
  }
  if (device.givenUp === version) return { version: device.installed };
  if (draws.chance(faults.failedUpdates(version))) {
    const failed = draws.chance(0.6) ? 'golden-mismatch' : 'network-failed';
    return { version: device.installed, update: { version, failed } };
  }
  const isBack = version < device.installed;
  device.before = device.installed;
  device.installed = version;
  // what it goes back to has been there all the time
  return isBack ? { version } : { version, update: { version, installed: 1 } };
}

function servedBy(device, { version, faults }, draws) {
  if (device.before === undefined || !draws.chance(faults.givenUp(version))) return { version };
  device.givenUp = version;
  device.installed = device.before;
  return { version: device.installed, update: { version, rolledBack: 'deadline' } };
}

export function tallyUpdate(tally, { version, installed, failed, rolledBack }) {
  const update = updateOf(tally, version);
  if (installed) update.installed += 1;
  if (failed) increment(update.failed, failed);
  if (rolledBack) increment(update.rolledBack, rolledBack);
}

/** Bad input, backends that are left alone, features that defaults stand in for. */
export function tallyFaults(tally, { device, app, faults }, draws) {
  if (draws.chance(ABORTED)) tally.aborted += 1;
  if (draws.chance(REFUSED_INPUTS)) {
    increment(tally.invalid, draws.chance(0.8) ? 'input-invalid' : 'decode-failed');
  }
  if (draws.chance(QUARANTINED)) {
    const { backend, variant } = device;
    // browsers of phones end a page where others let the runtime fail
    const otherwise = device.device === 'phone' ? 'lost-loading' : 'backend-failed';
    const code = draws.chance(0.7) ? 'golden-mismatch' : otherwise;
    tally.quarantines.set(`${backend} ${variant} ${code}`, { backend, variant, code, n: 1 });
  }
  for (let place = 0; place < FEATURES; place += 1) {
    const missing = draws.binomial(tally.ok, faults.missing(app));
    const stale = draws.binomial(tally.ok, 0.005);
    const invalid = draws.binomial(tally.ok, 0.002);
    if (missing + stale + invalid > 0) tally.substituted.set(place, { missing, stale, invalid });
  }
}
