import type { Report } from '@nearside/core';
import type { RollupStore } from '../store/rollup-store.js';
import { DAY_MS, type DeviceReport, HOUR_MS, MONDAY_MS, storeOf } from './fleet-store.js';
import { sketch } from './sample-report.js';
import { sampleRunTrace } from './sample-traces.js';

/** 24 phones and 24 desktops report every hour, ten runs each. */
export const DEVICES = 24;
export const THURSDAY_MS = MONDAY_MS + 3 * DAY_MS;
export const FRIDAY_MS = MONDAY_MS + 4 * DAY_MS;

/** The page's address for that Thursday. */
export const THURSDAY = `?from=${new Date(THURSDAY_MS).toISOString()}&to=${new Date(FRIDAY_MS).toISOString()}`;

/**
 * Makes four days: 1.0.0 on Monday and Tuesday, and 1.1.0 from then on. Desktops take 10 ms. Phones take 40 ms, and 80
 * ms on Thursday, when one of their ten runs fails and they are less sure. On Thursday noon each device has two right
 * labels, and one of two outcomes came. Desktops also report faults beside runs, and the browser
 * ended a page of each phone.
 */
export async function seededFleet(file?: string): Promise<RollupStore> {
  const hours = Array.from({ length: 96 }, (_, hour) => hour);
  const store = await storeOf(hours.flatMap(reportsOf), file);
  await store.addTraces([sampleRunTrace({ code: 'deadline', reason: 'failed' })], FRIDAY_MS);
  return store;
}

function reportsOf(hour: number): DeviceReport[] {
  const isThursday = hour >= 72;
  const isNoon = hour === 84;
  return Array.from({ length: DEVICES }, (_, g) => g).flatMap((g): DeviceReport[] => {
    const common = {
      atMs: MONDAY_MS + hour * HOUR_MS,
      g,
      version: hour < 48 ? '1.0.0' : '1.1.0',
      first: hour % 24 === 0 ? ['version-day', 'version-hour'] : ['version-hour'],
    } satisfies DeviceReport;
    const more: Partial<Report> = {
      opens: { tried: 1, store: sketch([100], 2) },
      ...(isNoon && { feedback: LABELS, outcomes: { bought: [2, 1, 1] } }),
    };
    const phone = isThursday
      ? { ok: 9, failed: 1, latencyMs: 80, confidence: [4, 3, 3] }
      : { latencyMs: 40 };
    const desktop = { ...STAGES, ...(isNoon && FAULTS) };
    return [
      { ...common, ...phone, device: 'phone', more: { ...more, ...(isNoon && DIED) } },
      { ...common, device: 'desktop-large', latencyMs: 10, more: { ...more, ...desktop } },
    ];
  });
}

/** Stages of desktops: ten runs of 10 ms, of which the model takes 8. */
const STAGES: Partial<Report> = {
  latency: {
    total: sketch(new Array<number>(10).fill(10), 3),
    run: sketch(new Array<number>(10).fill(8), 2),
  },
};

const LABELS: Report['feedback'] = {
  byAge: [
    {
      days: 0,
      bins: [
        [0, 0],
        [1, 1],
        [1, 1],
      ],
      confusion: [
        [0, 0, 1],
        [1, 1, 1],
      ],
    },
  ],
};

const DIED: Partial<Report> = {
  health: {
    ok: 9,
    errors: { deadline: 1 },
    quarantines: [{ backend: 'tfjs-wasm', variant: 'float32', code: 'lost-loading', n: 1 }],
  },
};

const FAULTS: Partial<Report> = {
  health: {
    ok: 10,
    invalid: { 'input-invalid': 2 },
    bytesFetched: 1_000_000,
    quarantines: [{ backend: 'onnx-webgpu', variant: 'int8', code: 'golden-mismatch', n: 1 }],
  },
  updates: [{ version: '1.1.0', installed: 1, failed: { 'network-failed': 2 } }],
  shadow: {
    candidate: '1.2.0',
    n: 20,
    agreements: 18,
    bins: [
      [5, 3],
      [5, 5],
      [10, 10],
    ],
    latencyDifference: [40, 100],
    errorDifference: 2,
  },
};
