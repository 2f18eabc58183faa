import { createHistogram, record } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fleetMetrics } from './fleet-metrics.js';
import type { Totals } from './rollup-store.js';
import { parsePrometheusText } from './testing/parse-prometheus-text.js';

const LABELS = 'model="digits",version="1.2.0",variant="int8",backend="onnx-wasm"';

function totals(durationsMs: readonly number[]): Totals {
  const duration = createHistogram(3);
  for (const ms of durationsMs) record(duration, ms);
  return {
    model: 'digits',
    version: '1.2.0',
    variant: 'int8',
    backend: 'onnx-wasm',
    ok: durationsMs.length,
    aborted: 2,
    invalid: 3,
    deviceDays: 4,
    errors: new Map([
      ['deadline', 5],
      ['device-lost', 6],
    ]),
    duration,
  };
}

function samplesOf(durationsMs: readonly number[]) {
  return parsePrometheusText(fleetMetrics([totals(durationsMs)]));
}

test('inferences are counted by outcome, errors by code', () => {
  const samples = samplesOf([1, 2, 3]);
  for (const [outcome, value] of [
    ['ok', 3],
    ['error', 11],
    ['aborted', 2],
    ['invalid', 3],
  ] as const) {
    expect(samples.get(`nearside_inferences_total{${LABELS},outcome="${outcome}"}`)).toBe(value);
  }
  expect(samples.get(`nearside_inference_errors_total{${LABELS},code="device-lost"}`)).toBe(6);
  expect(samples.get(`nearside_reporting_devices_total{${LABELS}}`)).toBe(4);
});

test('the classic histogram counts exactly the values at or under each bound', () => {
  const durations = fc.array(fc.double({ min: 0.01, max: 1e5, noNaN: true }));
  fc.assert(
    fc.property(durations, (durationsMs) => {
      const samples = samplesOf(durationsMs);
      const name = 'nearside_inference_duration_seconds';
      const buckets = [...samples].filter(([key]) => key.startsWith(`${name}_bucket`));
      expect(buckets).toHaveLength(20);
      for (const [key, count] of buckets) {
        const bound = /le="([^"]+)"/.exec(key)?.[1] ?? '';
        const limitMs = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound) * 1000;
        expect(count).toBe(durationsMs.filter((ms) => ms <= limitMs).length);
      }
      expect(samples.get(`${name}_count{${LABELS}}`)).toBe(durationsMs.length);
      const sumSeconds = durationsMs.reduce((sum, ms) => sum + ms, 0) / 1000;
      expect(samples.get(`${name}_sum{${LABELS}}`)).toBeCloseTo(sumSeconds, 6);
    }),
  );
});

test('the bounds are powers of two of a millisecond', () => {
  const bounds = [...samplesOf([1]).keys()].flatMap((key) => /le="([^"]+)"/.exec(key)?.[1] ?? []);
  expect(bounds.slice(0, 5)).toEqual(['0.000125', '0.00025', '0.0005', '0.001', '0.002']);
  expect(bounds.slice(-2)).toEqual(['32.768', '+Inf']);
});
