import { MAX_REPORT_BYTES } from '@nearside/core';
import { expect, test } from 'vitest';
import type { RefusalCode } from '../refusals/refusal.js';
import { NOW_MS, sampleReport, sketch } from '../testing/sample-report.js';
import { ADMISSION, admitReport } from './admit-report.js';

function admit(value: unknown) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return admitReport(new TextEncoder().encode(text));
}

function refusalOf(value: unknown) {
  const admission = admit(value);
  if (admission.ok) throw new Error('expected a refusal, got an admission');
  return admission.refusal;
}

test('a valid report is admitted as it is', () => {
  const report = sampleReport();
  expect(admit(report)).toEqual({ ok: true, value: report });
});

test.each<[string, unknown, RefusalCode]>([
  ['an empty body', '', 'not-json'],
  ['text', 'hello', 'not-json'],
  ['two reports in one body', '{}{}', 'not-json'],
  ['a JSON array', [], 'report-invalid'],
  ['null', 'null', 'report-invalid'],
  ['a version that is no integer', { ...sampleReport(), v: 1.5 }, 'report-invalid'],
  ['version zero', { ...sampleReport(), v: 0 }, 'report-invalid'],
  ['a newer version', { v: 2 }, 'report-newer'],
  ['an unknown field', { ...sampleReport(), name: 'x' }, 'report-invalid'],
  ['a body over the limit', 'x'.repeat(MAX_REPORT_BYTES + 1), 'report-too-large'],
])('%s is refused', (_what, value, code) => {
  expect(refusalOf(value).code).toBe(code);
});

test('a body that is not UTF-8 is refused', () => {
  const admission = admitReport(new Uint8Array([0x22, 0xff, 0x22]));
  expect(admission).toMatchObject({ ok: false, refusal: { code: 'not-json' } });
});

test('a report that does not fit the schema is told the path, what was expected and what was got', () => {
  const report = { ...sampleReport(), health: { ok: -1 } };
  expect(refusalOf(report).details).toEqual({ path: 'health.ok', expected: '>=0', got: '-1' });
});

test('a newer version is told when to come back, so that the device keeps its report', () => {
  expect(refusalOf({ v: 7 }).retryAfterSeconds).toBeGreaterThan(0);
});

test('a report is admitted up to 15 days after its window and refused a moment later', () => {
  const oldest = NOW_MS - ADMISSION.maxAgeMs;
  expect(admit(sampleReport({ t0: oldest })).ok).toBe(true);
  expect(refusalOf(sampleReport({ t0: oldest - 1 }))).toMatchObject({
    code: 'report-too-old',
    details: { path: 't0', got: oldest - 1 },
  });
});

test('a clock that was set back by a day is believed, by more it is not', () => {
  const latest = NOW_MS + ADMISSION.maxAheadMs;
  expect(admit(sampleReport({ t0: latest, sent: NOW_MS })).ok).toBe(true);
  expect(refusalOf(sampleReport({ t0: latest + 1, sent: NOW_MS })).code).toBe('report-in-future');
});

test.each([
  ['a year behind', -365 * 864e5],
  ['a year ahead', 365 * 864e5],
  ['six hours ahead', 6 * 36e5],
])('a clock that is %s is no reason to refuse', (_what, offMs) => {
  const t0 = NOW_MS - 300_000 + offMs;
  expect(admit(sampleReport({ t0, sent: NOW_MS + offMs })).ok).toBe(true);
});

type Change = (report: ReturnType<typeof sampleReport>) => object;
const total =
  (change: object): Change =>
  (report) => ({
    ...report,
    latency: { total: { ...report.latency?.total, ...change } },
  });

test.each<[string, Change, string]>([
  ['a sum near the largest number', total({ sum: 1.7e308 }), 'latency.total'],
  ['a sum below its buckets', total({ sum: 1 }), 'latency.total'],
  ['a negative count', (report) => ({ ...report, health: { ok: -1 } }), 'health.ok'],
  [
    'more results than latencies',
    (report) => ({ ...report, health: { ...report.health, ok: 99 } }),
    'latency.total',
  ],
  [
    'more events than a device has in a window',
    (report) => ({ ...report, health: { ...report.health, aborted: 9e6 } }),
    'health',
  ],
  ['a window of ten years', (report) => ({ ...report, dt: 3650 * 864e5 }), 'dt'],
  [
    'a weight of a million',
    (report) => ({ ...report, dimensions: { ...report.dimensions, weight: 1e6 } }),
    'dimensions.weight',
  ],
  [
    'more correct than there were',
    (report) => ({ ...report, feedback: { byAge: [{ days: 0, bins: [[1, 2]] }] } }),
    'feedback.byAge.0.bins.0',
  ],
  [
    'a sum of squares near the largest number',
    (report) => ({ ...report, outcomes: { bought: [1, 1, 1.7e308] } }),
    'outcomes.bought.2',
  ],
  [
    'a version without its manifest',
    ({ dimensions: { manifest: _, ...dimensions }, ...report }) => ({ ...report, dimensions }),
    'dimensions',
  ],
])('%s is refused with its place', (_what, change, path) => {
  expect(refusalOf(change(sampleReport()))).toMatchObject({
    code: 'report-invalid',
    details: { path },
  });
});

test('NaN, which JSON cannot say, is refused as null and as text', () => {
  const text = JSON.stringify({ ...sampleReport(), dt: Number.NaN });
  expect(refusalOf(text)).toMatchObject({ code: 'report-invalid', details: { path: 'dt' } });
  expect(refusalOf(text.replace('"dt":null', '"dt":NaN')).code).toBe('not-json');
});

test('names that this collector does not know are admitted', () => {
  const report = sampleReport({
    dimensions: { backend: 'onnx-webnn', device: 'headset', arm: 'shadow' },
    health: { errors: { 'battery-low': 1 } },
  });
  expect(admit(report).ok).toBe(true);
});

test('a histogram that is too coarse to be merged is refused with its path', () => {
  const report = sampleReport();
  const coarse = { ...report, health: { ok: 2 }, latency: { total: sketch([1, 2], 2) } };
  expect(refusalOf(coarse)).toMatchObject({
    code: 'report-invalid',
    details: { path: 'latency.total.s', expected: 'a scale ≥ 3', got: '2' },
  });
});

test('a histogram whose buckets have no finite value is refused', () => {
  const report = sampleReport();
  const endless = {
    ...report,
    health: { ok: 1 },
    latency: { total: { s: 3, z: 0, sum: 1, o: 2048, c: [1] } },
  };
  expect(refusalOf(endless)).toMatchObject({ details: { path: 'latency.total.o' } });
});

test.each([
  ['smallest', 2 ** -20],
  ['largest', 2 ** 40],
])('the %s value that devices record is admitted', (_which, value) => {
  const report = { ...sampleReport(), health: { ok: 1 }, latency: { total: sketch([value], 3) } };
  expect(admit(report).ok).toBe(true);
});
