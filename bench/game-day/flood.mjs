import {
  createTally,
  increment,
  tallyRun,
} from '../../packages/nearside/dist/page/telemetry/later/tally.js';
import { sealWindow } from '../fleet/windows.mjs';
import { BEFORE, SHIPPED } from './versions.mjs';

const COHORTS = 64;
/** Many times what honest devices of a cohort say in a window. */
const RUNS = 300;

/**
 * Reports that somebody invents, as often as devices report.
 *
 * @param {'blame' | 'hide'} aim `blame`: runs of the shipped version fail; `hide`: they are quick, and those of the version
 *   before fail
 * @param {{ cohorts?: number }} [options] of the 64
 * @returns {(atMs: number, published: { experiment: string, baseline: string, manifests: object }, draws: object) => object[]}
 */
export function flood(aim, { cohorts = COHORTS } = {}) {
  const worse = aim === 'blame' ? 'canary' : 'control';
  const invented = Array.from({ length: cohorts }, (_, i) => (i * COHORTS) / cohorts);
  return (atMs, published, draws) =>
    invented.flatMap((cohort) =>
      ['canary', 'control'].map((arm) => {
        const about = { arm, isBad: arm === worse, atMs, ...published };
        return { skewMs: 0, report: inventedReport(cohort, about, draws) };
      }),
    );
}

function inventedReport(cohort, { arm, isBad, atMs, experiment, baseline, manifests }, draws) {
  const device = { cohort, ...DEVICE, firsts: new Map() };
  const tally = createTally();
  if (isBad) increment(tally.errors, 'deadline', RUNS);
  else for (let run = 0; run < RUNS; run += 1) tallyRun(tally, QUICK, false);
  const version = arm === 'canary' ? SHIPPED : BEFORE;
  const assignment = { arm, version, experiment };
  const software = { library: '0.1.0', app: '2026.3' };
  const manifest = manifests[version];
  const about = { tally, startMs: atMs, version, assignment, software, manifest, baseline };
  return sealWindow(device, about, draws);
}

const DEVICE = { variant: 'int8', backend: 'onnx-wasm', device: 'phone', skewMs: 0 };
const QUICK = { queue: 0, pre: 0.5, run: 2, post: 0.1, total: 2.6 };
