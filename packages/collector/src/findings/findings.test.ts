import { expect, test } from 'vitest';
import { DEFAULT_TARGETS } from '../files/targets.js';
import type { FleetService } from '../fleet/service.js';
import type { Figure } from '../statistics/figure.js';
import { findingsOf, type HealthAnswers } from './findings.js';

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
    { id: 'silence', sinceMs: 5 },
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

test('without answers nothing is found', () => {
  expect(findingsOf({})).toEqual([]);
});
