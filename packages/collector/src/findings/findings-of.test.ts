import { expect, test } from 'vitest';
import { DEFAULT_TARGETS } from '../files/targets.js';
import type { FleetService } from '../fleet/service.js';
import type { Figure } from '../statistics/figure.js';
import { findingsOf, type HealthAnswers } from './findings-of.js';

const RANGE = { model: 'digits', fromMs: 0, toMs: 86_400_000, minDevices: 1 };

function figure(value: number): Figure {
  return {
    value,
    low: value,
    high: value,
    n: 10_000,
    devices: 500,
    method: 'cohort-ratio',
    estimated: false,
  };
}

const SERVICE: FleetService = {
  ...RANGE,
  targets: DEFAULT_TARGETS,
  versions: [
    {
      version: '1.0.0',
      devices: 500,
      p50Ms: figure(40),
      p95Ms: figure(80),
      p99Ms: figure(95),
      withinTarget: figure(0.98),
      success: figure(0.9),
      coldStarts: figure(0),
      busy: figure(0),
      errorFreeDevices: figure(1),
      perHour: 400,
      madeByFew: { success: false, latency: false },
    },
  ],
};

test('a finding says what it is, of which version, against which target, and what carries it', () => {
  const part = { dimension: 'device', value: 'phone', now: 0.2, before: 0 } as const;
  const carrier = { ...part, weight: 0.5, share: 1 };
  const answers: HealthAnswers = {
    silence: { ...RANGE, hours: [], silentSinceMs: 5, judgedFromMs: 0 },
    service: SERVICE,
    parts: {
      ...RANGE,
      beforeMs: 0,
      failed: { now: 0.1, before: 0, parts: [carrier] },
      time: { now: null, before: null, parts: [] },
    },
  };
  expect(findingsOf(answers)).toEqual([
    { id: 'silence', sinceMs: 5, isOlder: false },
    {
      id: 'success',
      version: '1.0.0',
      success: figure(0.9),
      target: 0.999,
      sinceMs: null,
      part: carrier,
      isByFew: false,
    },
  ]);
  expect(findingsOf(answers)).toEqual(findingsOf(structuredClone(answers)));
});

test('what has not risen is carried by the part that has most of it now, which is none where all are alike', () => {
  const device = (value: string, now: number, weight: number) =>
    ({ dimension: 'device', value, now, before: now, weight, share: 0 }) as const;
  const partOf = (...parts: ReturnType<typeof device>[]) => {
    const none = { now: null, before: null, parts: [] };
    const failed = { now: 0.1, before: 0.1, parts };
    const parted = { ...RANGE, beforeMs: 0, failed, time: none };
    const [finding] = findingsOf({ service: SERVICE, parts: parted });
    return finding && 'part' in finding ? finding.part : 'no finding';
  };
  const carried = partOf(device('desktop', 0.02, 0.5), device('phone', 0.18, 0.5));
  expect(carried).toMatchObject({ value: 'phone', share: expect.closeTo(0.9) });
  expect(partOf(device('desktop', 0.1, 0.5), device('phone', 0.1, 0.5))).toBe(null);
});

test('without answers nothing is found', () => {
  expect(findingsOf({})).toEqual([]);
});
