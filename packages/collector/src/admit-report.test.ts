import { MAX_REPORT_BYTES } from '@nearside/core';
import { expect, test } from 'vitest';
import { ADMISSION, admitReport } from './admit-report.js';
import type { RefusalCode } from './refusal.js';
import { NOW_MS, sampleReport, sketch } from './testing/sample-report.js';

function admit(value: unknown) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return admitReport(new TextEncoder().encode(text), NOW_MS);
}

function refusalOf(value: unknown) {
  const admission = admit(value);
  if (admission.ok) throw new Error('expected a refusal, got an admission');
  return admission.refusal;
}

test('a valid report is admitted as it is', () => {
  const report = sampleReport();
  expect(admit(report)).toEqual({ ok: true, report });
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
  const admission = admitReport(new Uint8Array([0x22, 0xff, 0x22]), NOW_MS);
  expect(admission).toMatchObject({ ok: false, refusal: { code: 'not-json' } });
});

test('a report that does not fit the schema is told the path, what was expected and what was got', () => {
  const report = { ...sampleReport(), health: { ok: -1 } };
  expect(refusalOf(report).details).toEqual({ path: 'health.ok', expected: '>=0', got: '-1' });
});

test('a newer version is told when to come back, so that the device keeps its report', () => {
  expect(refusalOf({ v: 7 }).retryAfterSeconds).toBeGreaterThan(0);
});

test('a report is admitted up to 30 days after its window and refused a moment later', () => {
  const oldest = NOW_MS - ADMISSION.maxAgeMs;
  expect(admit(sampleReport({ t0: oldest })).ok).toBe(true);
  expect(refusalOf(sampleReport({ t0: oldest - 1 }))).toMatchObject({
    code: 'report-too-old',
    details: { path: 't0', got: oldest - 1 },
  });
});

test('a clock that runs a day ahead is believed, one that runs further is not', () => {
  const latest = NOW_MS + ADMISSION.maxAheadMs;
  expect(admit(sampleReport({ t0: latest })).ok).toBe(true);
  expect(refusalOf(sampleReport({ t0: latest + 1 })).code).toBe('report-in-future');
});

test('a histogram that is too coarse to be merged is refused with its path', () => {
  const report = sampleReport();
  const coarse = { ...report, latency: { total: sketch([1, 2], 2) } };
  expect(refusalOf(coarse)).toMatchObject({
    code: 'report-invalid',
    details: { path: 'latency.total.s', expected: 'a scale ≥ 3', got: '2' },
  });
});

test('a histogram whose buckets have no finite value is refused', () => {
  const report = sampleReport();
  const endless = { ...report, latency: { total: { s: 3, z: 0, sum: 1, o: 2048, c: [1] } } };
  expect(refusalOf(endless)).toMatchObject({ details: { path: 'latency.total.o' } });
});

test.each([
  ['smallest', 2 ** -20],
  ['largest', 2 ** 40],
])('the %s value that devices record is admitted', (_which, value) => {
  const report = { ...sampleReport(), latency: { total: sketch([value], 3) } };
  expect(admit(report).ok).toBe(true);
});
