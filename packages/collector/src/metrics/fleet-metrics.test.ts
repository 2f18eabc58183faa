import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keptHistogram } from '../counting/counts.js';
import { parseTargets } from '../files/targets.js';
import type { Totals } from '../store/rollup-store.js';
import { parsePrometheusText } from '../testing/parse-prometheus-text.js';
import { sketch } from '../testing/sample-report.js';
import { fleetMetrics, METRIC_LIMITS } from './fleet-metrics.js';

const LABELS = 'model="digits",version="1.2.0",variant="int8",backend="onnx-wasm"';

function totals(durationsMs: readonly number[], more: Partial<Totals> = {}): Totals {
  return {
    model: 'digits',
    version: '1.2.0',
    variant: 'int8',
    backend: 'onnx-wasm',
    device: 'phone',
    arm: 'canary',
    counts: {
      punctual: {
        ok: durationsMs.length,
        failed: 11,
        aborted: 2,
        invalid: { 'input-invalid': 3 },
        errors: { deadline: 5, 'device-lost': 6 },
        opens: { tried: 9, failed: { offline: 2 } },
        used: 20,
        failedPerMille: 8500,
        cold: 1,
        bytes: 12_345,
        quarantines: {
          'onnx-webgpu int8 golden-mismatch': 2,
          'onnx-webgpu fp32 lost-running': 1,
          'tfjs-webgpu fp32 device-lost': 1,
        },
        updates: { '1.3.0': { installed: 5, failed: { 'network-failed': 2 } } },
        histograms: {
          'latency.total': keptHistogram('latency.total', sketch(durationsMs, 3)),
          'opens.network': keptHistogram('opens.network', sketch([480], 2)),
        },
      },
      late: { reports: 1, ok: 7, failed: 1 },
      firsts: { 'version-day': 4, 'arm-day': 4, 'arm-day-failed': 3 },
      loss: { 'too-old': 2 },
    },
    ...more,
  };
}

function samplesOf(durationsMs: readonly number[], targetMs = 200) {
  return parsePrometheusText(
    fleetMetrics([totals(durationsMs)], parseTargets({ p95Ms: targetMs })),
  );
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
  const version = 'model="digits",version="1.2.0"';
  for (const [key, value] of [
    [`nearside_opens_total{${version},outcome="network"}`, 1],
    [`nearside_opens_total{${version},outcome="error"}`, 2],
    [`nearside_open_errors_total{${version},code="offline"}`, 2],
    [`nearside_arm_inferences_total{${version},arm="canary",outcome="ok"}`, 3],
    [`nearside_device_class_inferences_total{${version},device="phone",outcome="error"}`, 11],
    [`nearside_cold_inferences_total{${version}}`, 1],
    [`nearside_failing_devices_total{${version}}`, 3],
    [`nearside_reports_total{${version}}`, 20],
    [`nearside_failed_shares_total{${version}}`, 8.5],
    [`nearside_fetched_bytes_total{${version}}`, 12_345],
    [`nearside_quarantines_total{${version},backend="onnx-webgpu"}`, 3],
    [`nearside_quarantines_total{${version},backend="tfjs-webgpu"}`, 1],
    ['nearside_updates_total{model="digits",version="1.3.0",outcome="installed"}', 5],
    ['nearside_updates_total{model="digits",version="1.3.0",outcome="error"}', 2],
    ['nearside_updates_total{model="digits",version="1.3.0",outcome="rolled-back"}', 0],
    ['nearside_late_inferences_total{model="digits",outcome="ok"}', 7],
    ['nearside_lost_events_total{model="digits",reason="too-old"}', 2],
  ] as const) {
    expect([key, samples.get(key)]).toEqual([key, value]);
  }
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
      // devices write a sum with six digits
      const offBy = Math.abs((samples.get(`${name}_sum{${LABELS}}`) ?? 0) - sumSeconds);
      expect(offBy).toBeLessThanOrEqual(sumSeconds * 1e-5);
    }),
  );
});

test('the bounds are powers of two of a millisecond', () => {
  const bounds = [...samplesOf([1]).keys()].flatMap((key) => /le="([^"]+)"/.exec(key)?.[1] ?? []);
  expect(bounds.slice(0, 5)).toEqual(['0.000125', '0.00025', '0.0005', '0.001', '0.002']);
  expect(bounds.slice(-2)).toEqual(['32.768', '+Inf']);
});

test('what is within the target is counted exactly, on the bound of a bucket that is nearest to it', () => {
  const durations = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }));
  fc.assert(
    fc.property(durations, fc.integer({ min: 5, max: 900 }), (durationsMs, targetMs) => {
      const samples = samplesOf(durationsMs, targetMs);
      const boundMs = (samples.get('nearside_target_seconds{model="digits"}') ?? 0) * 1000;
      expect(Math.abs(boundMs / targetMs - 1)).toBeLessThan(0.0453);
      const within = durationsMs.filter((ms) => ms <= boundMs).length;
      expect(samples.get(`nearside_inferences_within_target_total{${LABELS}}`)).toBe(within);
    }),
  );
  expect(samplesOf([1]).get('nearside_target_seconds{model="digits"}')).toBeCloseTo(0.1974, 5);
  const versions = samplesOf([1, 400, 700]);
  expect(versions.get('nearside_p99_target_seconds{model="digits"}')).toBeCloseTo(0.512, 5);
  const within = 'nearside_inferences_within_p99_target_total{model="digits",version="1.2.0"}';
  expect(versions.get(within)).toBe(2);
});

test('of sets that are too many those that reported last are shown, and the others are counted', () => {
  const rows = Array.from({ length: METRIC_LIMITS.sets + 30 }, (_, i) =>
    totals([1], { version: `1.${i}.0` }),
  );
  const samples = parsePrometheusText(fleetMetrics(rows, parseTargets({})));
  expect(samples.get('nearside_metric_sets_left_out')).toBe(30);
  expect(samples.size).toBeLessThan(60_000);
  expect([...samples.keys()].some((key) => key.includes('version="1.0.0"'))).toBe(true);
  expect([...samples.keys()].some((key) => key.includes('version="1.429.0"'))).toBe(false);
});
