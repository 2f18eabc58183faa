import { record } from '@nearside/core';
import { assignInstall } from '../../packages/artifact/dist/assignment.js';
import {
  increment,
  tallyLost,
  tallyLostUpdate,
  tallyRun,
  updateOf,
} from '../../packages/nearside/dist/page/telemetry/later/tally.js';
import { makeDevices, pickByUse } from '../fleet/devices.mjs';
import { drawsOf } from '../fleet/random.mjs';
import { liveWindow, sealWindow } from '../fleet/windows.mjs';
import { BEFORE, MODEL, SHIPPED } from './versions.mjs';

export const WINDOW_MS = 300_000;
/** A page looks for another version about so often. */
const LOOKS_EVERY_MS = 15 * 60_000;
/** Of all devices: those that run the model in a window. */
const BUSY = 0.25;
/** After so many deaths a device goes back by itself. */
const DEATHS = 2;
/** The first run on a device that has nothing is so much slower. */
const COLD_FACTOR = 2;
/** Who saw a page die comes back so often. */
const COMES_BACK = 0.6;

/**
 * What happens on simulated devices in a window, beside what always does: `Trouble` of `bench/fleet`, and where a page dies.
 *
 * @typedef {Partial<import('../fleet/trouble.mjs').Trouble> & { diesIn?: 'loading' | 'running', hasEmptyCache?: boolean }} Trouble
 */

/**
 * Thousands of devices that are simulated: each is on the side of a rollout on which the library puts its install, and
 * reports what the version did there that serves it.
 *
 * @param {{ devices: number, seed: number }} options
 */
export function makeCrowd({ devices: count, seed }) {
  const draws = drawsOf(seed);
  const devices = makeDevices(count, draws).map((device) => ({
    ...device,
    installId: draws.hex(16),
    serves: BEFORE,
    // as it was told when it installed that
    assignment: { arm: 'stable', version: BEFORE },
    lookedMs: -Infinity,
    deaths: 0,
    untold: 0,
    isGone: false,
  }));
  const pick = pickByUse(devices, draws);

  return {
    /**
     * What devices report of a window.
     *
     * @param {number} atMs
     * @param {{ targets: object, isRepositoryUp: boolean, baseline: string, manifests: Record<string, string>,
     *   trouble: (device: object, version: string) => Trouble }} about
     * @returns {Promise<{ reports: object[], served: Map<string, number>, strays: number }>} `served`: devices by version;
     *   `strays`: those outside of the canary that another version than the one before served
     */
    async window(atMs, { targets, isRepositoryUp, baseline, manifests, trouble }) {
      const reports = [];
      const served = new Map();
      let strays = 0;
      const busy = [...pick(Math.round(count * BUSY))].filter(({ isGone }) => !isGone);
      if (isRepositoryUp) await lookForVersions(busy, { targets, atMs });
      for (const device of busy) {
        const window = windowOf(device, { atMs, isRepositoryUp, trouble }, draws);
        if (!window) continue;
        const { tally, version } = window;
        const { assignment } = device;
        increment(served, version);
        if (assignment.arm !== 'canary' && version !== BEFORE) strays += 1;
        const software = { library: '0.1.0', app: device.app };
        const manifest = manifests[version];
        const about = { tally, startMs: atMs, version, assignment, software, manifest, baseline };
        reports.push({ report: sealWindow(device, about, draws), skewMs: device.skewMs });
      }
      return { reports, served, strays };
    },
  };
}

async function lookForVersions(devices, { targets, atMs }) {
  const due = devices.filter(({ lookedMs }) => atMs - lookedMs >= LOOKS_EVERY_MS);
  await Promise.all(
    due.map(async (device) => {
      device.lookedMs = atMs;
      device.assignment = await assignInstall(targets, {
        model: MODEL,
        installId: device.installId,
      });
    }),
  );
}

/** @returns undefined where the page died before it could tell anything */
function windowOf(device, { atMs, isRepositoryUp, trouble }, draws) {
  const update = takeVersion(device);
  device.isNew = update !== undefined;
  const { diesIn, hasEmptyCache, ...wrong } = trouble(device, device.serves);
  if (diesIn && device.serves === SHIPPED) {
    device.deaths += 1;
    device.untold += 1;
    device.diedIn = diesIn;
    device.isGone = !draws.chance(COMES_BACK);
    return undefined;
  }
  const { tally } = liveWindow(device, { startMs: atMs, trouble: wrong }, draws);
  if (update) updateOf(tally, update).installed += 1;
  tellDeaths(tally, device);
  if (hasEmptyCache) tellColdVisit(tally, device);
  if (!isRepositoryUp && draws.chance(0.02)) {
    tally.opens.tried += 1;
    increment(tally.opens.failed, 'network-failed');
  }
  return { tally, version: device.serves };
}

/** All of the model crossed the network, and its first run waited for compiled code. */
function tellColdVisit(tally, { medianMs }) {
  tally.opens.tried += 1;
  record(tally.opens.network, 1_500);
  tally.bytesFetched += 120_000;
  const run = COLD_FACTOR * medianMs;
  tallyRun(tally, { queue: 0, pre: 0.2 * run, run, post: 0.1, total: 1.2 * run }, true);
}

/** @returns the version that it has installed just now */
function takeVersion(device) {
  const { version } = device.assignment;
  const hasGivenUp = version === SHIPPED && device.deaths >= DEATHS;
  const before = device.serves;
  device.serves = hasGivenUp ? BEFORE : version;
  return before === BEFORE && device.serves === SHIPPED && device.deaths === 0
    ? SHIPPED
    : undefined;
}

/** The page that comes next tells of those that died. */
function tellDeaths(tally, device) {
  const { backend, variant, diedIn } = device;
  for (; device.untold > 0; device.untold -= 1) {
    tallyLost(tally, { phase: diedIn, backend, variant });
    tallyLostUpdate(tally, SHIPPED);
  }
}
