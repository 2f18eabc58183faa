import { cpus } from 'node:os';

/**
 * What the demo found, with a verdict for each promise.
 *
 * Ratios have no interval: every held-out digit was read, and nothing was sampled.
 */
export function summarise({ heldOut, afterHeldOut, pendingRuns, fleet, ...found }) {
  const { offline, crossOriginIsolated, tampered } = found;
  const { cold, tfjs, warm } = heldOut;
  const same = cold.labels.filter((label, i) => label === tfjs.labels[i]).length;
  const outcome = {
    suite: 'demo',
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
    n: cold.n,
    accuracy: { 'onnx-wasm': cold.accuracy, 'tfjs-wasm': tfjs.accuracy },
    agreement: same / cold.n,
    coldOpenMs: round(cold.openMs),
    warmOpenMs: round(warm.openMs),
    offline,
    tampered,
    heldOutReports: cold.sealedReports + tfjs.sealedReports + warm.sealedReports,
    heldOutReportsCollected: afterHeldOut.reports,
    heldOutRunsOfPeople: afterHeldOut.count,
    reported: pendingRuns,
    collected: fleet.total.count,
    p50Ms: round(fleet.total.p50Ms),
    p95Ms: round(fleet.total.p95Ms),
    crossOriginIsolated,
  };
  return { ...outcome, results: verdicts(outcome, heldOut) };
}

function verdicts(outcome, { cold, warm }) {
  const { accuracy, tampered } = outcome;
  const row = (name, value, target, ok, unit = '') => ({
    name,
    value,
    unit,
    interval: null,
    target,
    ok,
  });
  return [
    row('n', outcome.n, '= 1000', outcome.n === 1000),
    ...Object.entries(accuracy).map(([backend, value]) =>
      row(`accuracy-${backend}`, value, '≥ 0.975', value >= 0.975),
    ),
    row('agreement', outcome.agreement, '≥ 0.99', outcome.agreement >= 0.99),
    row('cold-open-ms', outcome.coldOpenMs, 'from the network', cold.origin === 'network', 'ms'),
    row('warm-open-ms', outcome.warmOpenMs, 'from the store', warm.origin === 'store', 'ms'),
    row('offline', outcome.offline, 'true', outcome.offline === true),
    row(
      'tampered-cache-offline',
      tampered.cacheOffline,
      'digest-mismatch',
      tampered.cacheOffline === 'digest-mismatch',
    ),
    row('tampered-cache-online', tampered.cacheOnline, 'healed', tampered.cacheOnline === 'healed'),
    row(
      'tampered-repository',
      tampered.repository,
      'digest-mismatch',
      tampered.repository === 'digest-mismatch',
    ),
    row(
      'held-out-reports-collected',
      outcome.heldOutReportsCollected,
      `= ${outcome.heldOutReports} reported`,
      outcome.heldOutReportsCollected === outcome.heldOutReports && outcome.heldOutReports >= 3,
    ),
    row(
      'held-out-runs-of-people',
      outcome.heldOutRunsOfPeople,
      '= 0',
      outcome.heldOutRunsOfPeople === 0,
    ),
    row(
      'collected',
      outcome.collected,
      `= ${outcome.reported} reported`,
      outcome.collected === outcome.reported && outcome.reported > 0,
    ),
    row(
      'cross-origin-isolated',
      outcome.crossOriginIsolated,
      'true',
      outcome.crossOriginIsolated === true,
    ),
  ];
}

function round(ms) {
  return Math.round(ms * 100) / 100;
}
