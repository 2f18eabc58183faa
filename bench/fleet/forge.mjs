import { BASELINE, MODEL } from './model.mjs';
import { CANARY, EXPERIMENT, MANIFESTS } from './releases.mjs';

const COHORTS = [7, 21, 40, 55];
const WINDOW_MS = 300_000;
/** As much as a window may hold. */
const ERRORS = 3_000_000;

/** Somebody says that a canary fails, as loudly as is believed, from four cohorts. */
export function forgedReports(atMs, draws) {
  return COHORTS.map((g) => ({
    skewMs: 0,
    report: {
      v: 1,
      id: draws.hex(16),
      g,
      first: ['version-day', 'version-hour', 'arm-day', 'arm-day-failed'],
      t0: atMs,
      dt: WINDOW_MS,
      sent: atMs + WINDOW_MS,
      dimensions: {
        model: MODEL,
        version: CANARY,
        manifest: MANIFESTS[CANARY],
        variant: 'int8',
        backend: 'onnx-wasm',
        library: '0.1.0',
        device: 'phone',
        arm: 'canary',
        assigned: CANARY,
        experiment: EXPERIMENT,
        weight: 1,
      },
      health: { ok: 0, errors: { deadline: ERRORS } },
      baseline: BASELINE,
      drift: { seen: 50, counts: [[50], [50]] },
    },
  }));
}
