import { record } from '@nearside/core';
import { possibleFirsts } from '../../packages/nearside/dist/telemetry/firsts.js';
import { sealReport } from '../../packages/nearside/dist/telemetry/seal-report.js';
import {
  createTally,
  increment,
  tallyObservation,
  tallyRun,
} from '../../packages/nearside/dist/telemetry/tally.js';

const WINDOW_MS = 300_000;
const MANIFESTS = { '1.0.0': 'a1'.repeat(32), '1.1.0': 'b2'.repeat(32) };
const STABLE = '1.0.0';
const CANARY = '1.1.0';
/** Of 10,000 buckets, from either end. */
const CANARY_BUCKETS = 500;

/**
 * What one device saw in one window, sealed by the library's own code.
 *
 * @param {number} startMs by a clock that is right
 * @returns the report as it is sent right after the window, and what is true of it
 */
export function liveWindow(device, startMs, draws) {
  const tally = createTally();
  const latenciesMs = [];
  const runs = 1 + draws.poisson(Math.min(8, 1 + device.use / 4));
  for (let i = 0; i < runs; i += 1) {
    if (draws.chance(device.failing)) {
      increment(tally.errors, draws.chance(0.7) ? 'deadline' : 'worker-lost');
      continue;
    }
    const run = device.medianMs * Math.exp(0.25 * draws.normal());
    const durations = { queue: 0.3 * draws.uniform(), pre: 0.2 * run, run, post: 0.1 };
    const total = Object.values(durations).reduce((sum, ms) => sum + ms, 0);
    latenciesMs.push(total);
    tallyRun(tally, { ...durations, total }, i === 0);
    record(tally.queueDepth, 0);
    tally.busyMs += run;
    const confidence = draws.chance(device.sure) ? 9 : draws.below(9);
    tallyObservation(tally, {
      bins: [confidence, draws.below(10)],
      predicted: '1',
      substituted: [],
    });
  }
  if (draws.chance(0.3)) {
    tally.opens.tried += 1;
    if (draws.chance(0.01)) increment(tally.opens.failed, 'network-failed');
    else record(tally.opens.store, 150 + 100 * draws.uniform());
  }
  return { tally, latenciesMs, report: sealed(device, { tally, startMs }, draws) };
}

function sealed(device, { tally, startMs }, draws) {
  const dimensions = dimensionsOf(device);
  const localMs = Math.round(startMs + device.skewMs);
  const report = sealReport(tally, {
    id: draws.hex(16),
    cohort: device.cohort,
    startMs: localMs,
    endMs: localMs + WINDOW_MS,
    dimensions,
    baseline: '0123456789abcdef',
  });
  return {
    ...report,
    first: firstsOf(device, dimensions, { localMs, hasFailed: tally.errors.size > 0 }),
  };
}

/** As the store of a device settles it: each once in its day or hour. */
function firstsOf({ firsts }, dimensions, { localMs, hasFailed }) {
  const possible = possibleFirsts(dimensions, { startMs: localMs, hasFailed });
  const news = possible.filter(({ key, period }) => firsts.get(key) !== period);
  for (const { key, period } of news) firsts.set(key, period);
  return news.map(({ first }) => first);
}

function dimensionsOf({ device, backend, variant, bucket }) {
  const arm = armOf(bucket);
  const version = arm === 'canary' ? CANARY : STABLE;
  return {
    model: 'digits',
    version,
    manifest: MANIFESTS[version],
    variant,
    backend,
    library: '0.1.0',
    device,
    arm,
    assigned: version,
    experiment: '0f0f0f0f',
    weight: 1,
  };
}

function armOf(bucket) {
  if (bucket < CANARY_BUCKETS) return 'canary';
  return bucket >= 10_000 - CANARY_BUCKETS ? 'control' : 'stable';
}
