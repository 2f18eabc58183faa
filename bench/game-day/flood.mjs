import { record } from '@nearside/core';
import {
  createTally,
  increment,
  tallyObservation,
  tallyRun,
} from '../../packages/nearside/dist/page/telemetry/later/tally.js';
import { LABELS } from '../fleet/model.mjs';
import { sealWindow } from '../fleet/windows.mjs';
import { BEFORE, SHIPPED } from './versions.mjs';

const COHORTS = 64;
/** Of an invented device in a window: more than an honest one has. */
const RUNS = 60;
const OPENS = 30;
/** Of the bins of confidence. */
const SUREST = 9;
/** Invented devices of each kind and cohort. More of the canary than of its control, so that none of it seems to be missing. */
const SIDES = { blame: ['canary', 'control'], hide: ['canary', 'canary', 'control'] };

/**
 * Reports that somebody invents, as often as devices report.
 *
 * @param {'blame' | 'hide'} aim which version is worse by all that is compared: `blame`: the one shipped; `hide`: the one before
 * @param {{ cohorts?: number }} [options] of the 64
 * @returns {(atMs: number, published: { experiment: string, baseline: string, manifests: object }, draws: object) => object[]}
 */
export function flood(aim, { cohorts = COHORTS } = {}) {
  const worse = aim === 'blame' ? 'canary' : 'control';
  const invented = Array.from({ length: cohorts }, (_, i) => (i * COHORTS) / cohorts);
  return (atMs, published, draws) =>
    invented.flatMap((cohort) =>
      SIDES[aim].flatMap((arm) => {
        const about = { arm, isBad: arm === worse, atMs, ...published };
        return DEVICES.map((device) => ({
          skewMs: 0,
          report: inventedReport({ cohort, ...device }, about, draws),
        }));
      }),
    );
}

function inventedReport(told, { arm, isBad, atMs, experiment, baseline, manifests }, draws) {
  const device = { ...told, skewMs: 0, firsts: new Map() };
  const tally = createTally();
  for (let run = 0; run < RUNS; run += 1) {
    if (isBad && run % 2 === 0) increment(tally.errors, 'deadline');
    else inventRun(tally, isBad);
  }
  tally.opens.tried += OPENS;
  for (let i = 0; i < OPENS; i += 1) {
    if (isBad) increment(tally.opens.failed, 'network-failed');
    else record(tally.opens.store, 150);
  }
  const version = arm === 'canary' ? SHIPPED : BEFORE;
  const assignment = { arm, version, experiment };
  const software = { library: '0.1.0', app: '2026.3' };
  const manifest = manifests[version];
  const about = { tally, startMs: atMs, version, assignment, software, manifest, baseline };
  return sealWindow(device, about, draws);
}

function inventRun(tally, isBad) {
  tallyRun(tally, isBad ? SLOW : QUICK, false);
  const bins = [isBad ? 0 : SUREST, 0];
  tallyObservation(tally, { bins, predicted: LABELS[0], substituted: [] });
}

/** Each backend and class of `bench/fleet`: honest devices of one that is left out would tell on it. */
const DEVICES = [
  { device: 'phone', backend: 'onnx-wasm', variant: 'int8' },
  { device: 'tablet', backend: 'tfjs-wasm', variant: 'uint8' },
  { device: 'desktop-small', backend: 'onnx-webgpu', variant: 'fp32' },
  { device: 'desktop-large', backend: 'onnx-wasm', variant: 'int8' },
  { device: 'other', backend: 'tfjs-wasm', variant: 'uint8' },
];
const QUICK = { queue: 0, pre: 0.5, run: 2, post: 0.1, total: 2.6 };
const SLOW = { queue: 0, pre: 50, run: 2_000, post: 0.1, total: 2_050.1 };
