import { record } from '@nearside/core';
import { tallyTruth } from '../../packages/nearside/dist/page/telemetry/later/feedback.js';
import { possibleFirsts } from '../../packages/nearside/dist/page/telemetry/later/first-windows.js';
import { sealReport } from '../../packages/nearside/dist/page/telemetry/later/seal-report.js';
import {
  createTally,
  increment,
  tallyObservation,
  tallyRun,
} from '../../packages/nearside/dist/page/telemetry/later/tally.js';
import { BASELINE, drawConfidence, LABELS, MODEL, RIGHT } from './model.mjs';
import { MANIFESTS } from './releases.mjs';
import { NO_TROUBLE } from './trouble.mjs';

const WINDOW_MS = 300_000;
/** Runs whose truth comes back: more where the model was unsure. */
const LABELLED = 0.02;

/**
 * What one device saw in one window.
 *
 * @param {number} startMs by a clock that is right
 * @param {Partial<import('./trouble.mjs').Trouble>} trouble
 */
export function liveWindow(device, { startMs, trouble }, draws) {
  const all = { ...NO_TROUBLE, ...trouble };
  const { lessSure, right, buys } = all;
  const tally = createTally();
  const latenciesMs = [];
  const runs = 1 + draws.poisson(Math.min(8, 1 + device.use / 4));
  for (let i = 0; i < runs; i += 1) {
    const { code, times } = drawRun(device, all, draws);
    if (code) {
      increment(tally.errors, code);
      continue;
    }
    const { run } = times;
    const durations = { queue: 0.3 * draws.uniform(), ...times };
    const total = Object.values(durations).reduce((sum, ms) => sum + ms, 0);
    latenciesMs.push(total);
    tallyRun(tally, { ...durations, total }, i === 0);
    record(tally.queueDepth, 0);
    tally.busyMs += run;
    observe(tally, { sure: device.sure - lessSure, right, atMs: startMs }, draws);
  }
  tally.outcomes.set('bought', runs > 3 && draws.chance(0.2 * buys) ? [1, 1, 1] : [1, 0, 0]);
  if (draws.chance(0.3)) {
    tally.opens.tried += 1;
    if (draws.chance(0.01)) increment(tally.opens.failed, 'network-failed');
    else if (draws.chance(0.1)) {
      record(tally.opens.network, 900 + 400 * draws.uniform());
      tally.bytesFetched += 120_000;
    } else record(tally.opens.store, 150 + 100 * draws.uniform());
  }
  return { tally, latenciesMs };
}

/** One run: why it fails, or how long its steps take, ms. */
export function drawRun(device, { failing, slower }, draws) {
  if (draws.chance(Math.min(1, device.failing * failing))) {
    return { code: draws.chance(0.7) ? 'deadline' : 'worker-lost' };
  }
  const run = device.medianMs * slower * Math.exp(0.25 * draws.normal());
  return { times: { pre: 0.2 * run, run, post: 0.1 } };
}

/** One run is observed, and sometimes its truth comes back. */
function observe(tally, { sure, right, atMs }, draws) {
  const confidence = drawConfidence(sure, draws);
  const predicted = draws.below(10);
  tallyObservation(tally, {
    bins: [confidence, predicted],
    predicted: LABELS[predicted],
    substituted: [],
  });
  if (!draws.chance(LABELLED + 0.2 * (1 - RIGHT[confidence]))) return;
  const isRight = draws.chance(RIGHT[confidence] * right);
  const actual = isRight ? predicted : (predicted + 1 + draws.below(9)) % 10;
  const run = {
    atMs,
    confidenceBin: confidence,
    classBin: predicted,
    predicted: LABELS[predicted],
    subject: { baseline: { labels: LABELS } },
  };
  tallyTruth(tally, run, { truth: { label: LABELS[actual] }, atMs });
}

/**
 * The report as it is sent right after the window, sealed by the library's own code.
 *
 * @param {{ manifest?: string, baseline?: string }} about as they are published; by default those of the simulated releases
 */
export function sealWindow(device, about, draws) {
  const { tally, startMs, version, assignment, software } = about;
  const { manifest = MANIFESTS[version], baseline = BASELINE } = about;
  const dimensions = {
    model: MODEL,
    version,
    manifest,
    variant: device.variant,
    backend: device.backend,
    ...software,
    device: device.device,
    arm: assignment.arm,
    assigned: assignment.version,
    ...(assignment.experiment && { experiment: assignment.experiment }),
    weight: 1,
  };
  const localMs = Math.round(startMs + device.skewMs);
  const report = sealReport(tally, {
    id: draws.hex(16),
    cohort: device.cohort,
    startMs: localMs,
    endMs: localMs + WINDOW_MS,
    dimensions,
    baseline,
  });
  return {
    ...report,
    first: firstsOf(device, dimensions, { localMs, hasFailed: tally.errors.size > 0 }),
  };
}

/** As the store of a device settles it: each once in its day or hour. */
function firstsOf({ firsts }, dimensions, { localMs, hasFailed }) {
  const possible = possibleFirsts(dimensions, localMs).filter(
    ({ first }) => hasFailed || first !== 'arm-day-failed',
  );
  const news = possible.filter(({ key, period }) => firsts.get(key) !== period);
  for (const { key, period } of news) firsts.set(key, period);
  return news.map(({ first }) => first);
}
