import { bucketsOf, histogramFromJson, LOST_CODES } from '@nearside/core';
import { expect, test } from 'vitest';
import { admitReport } from '../reports/admit-report.js';
import {
  freshNames,
  NOW_MS,
  sampleContribution,
  sampleReport,
  sketch,
} from '../testing/sample-report.js';
import { contributionOf, LATE_MS } from './contribution.js';
import { BUCKET_MS } from './time.js';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

test('day and bucket come from the start of the window', () => {
  const t0 = Date.UTC(2026, 2, 3, 23, 59, 59, 999);
  const contribution = sampleContribution({ t0 });
  expect(contribution.day).toBe(Date.UTC(2026, 2, 3) / 86_400_000);
  expect(contribution.bucketMs).toBe(Date.UTC(2026, 2, 3, 23, 55));
  expect(contribution.bucketMs % BUCKET_MS).toBe(0);
});

test.each([
  ['a year behind', -YEAR_MS],
  ['a year ahead', YEAR_MS],
  ['six hours behind', -6 * HOUR_MS],
  ['six hours ahead', 6 * HOUR_MS],
  ['three minutes ahead', 180_000],
])('a clock that is %s is corrected for the bucket, and its day stays as sent', (_what, offMs) => {
  const t0 = NOW_MS - 400_000 + offMs;
  const contribution = sampleContribution({ t0, sent: NOW_MS + offMs });
  expect(contribution.bucketMs).toBe(NOW_MS - 400_000 - ((NOW_MS - 400_000) % BUCKET_MS));
  expect(contribution.late).toBe(false);
  expect(contribution.day).toBe(Math.floor(t0 / 86_400_000));
});

test('a clock that is off by less than two minutes is left alone', () => {
  const t0 = NOW_MS - 400_000;
  const { bucketMs } = sampleContribution({ t0, sent: NOW_MS - 119_000 });
  expect(bucketMs).toBe(t0 - (t0 % BUCKET_MS));
});

test('a window never begins after its arrival', () => {
  const { bucketMs } = sampleContribution({ t0: NOW_MS + 6 * HOUR_MS, sent: NOW_MS });
  expect(bucketMs).toBe(NOW_MS - (NOW_MS % BUCKET_MS));
});

test('a report is late when it is more than an hour old on arrival', () => {
  expect(sampleContribution({ t0: NOW_MS - LATE_MS }).late).toBe(false);
  expect(sampleContribution({ t0: NOW_MS - LATE_MS - 1 }).late).toBe(true);
});

test('a finer histogram is folded to the scale it is kept at', () => {
  const values = [1, 2, 30, 400];
  const report = { ...sampleReport(), latency: { total: sketch(values, 5) } };
  const { counts } = contributionOf(report, NOW_MS, freshNames());
  const kept = counts.histograms?.['latency.total'];
  const expected = new Map(bucketsOf(histogramFromJson(sketch(values, 3))));
  expect(new Map(Object.entries(kept?.b ?? {}).map(([i, n]) => [Number(i), n]))).toEqual(expected);
});

test('what a newer library calls by new names counts as other', () => {
  const report = sampleReport({
    dimensions: { backend: 'onnx-webnn', device: 'headset', arm: 'shadow' },
    health: { errors: { 'battery-low': 2, 'sun-too-bright': 3, deadline: 1 } },
  });
  const newer = { ...report, loss: { 'ate-it': 1 } };
  const { series, unit, counts } = contributionOf(newer, NOW_MS, freshNames());
  expect(series).toMatchObject({ backend: 'other', device: 'other', arm: 'other' });
  expect(unit).toMatchObject({ arm: 'other' });
  expect(counts.errors).toEqual({ other: 5, deadline: 1 });
  expect(counts.loss).toEqual({ other: 1 });
});

test('pages that the browser ended are counted under their own codes, and so is what was at work', () => {
  const quarantines = LOST_CODES.map((code) => {
    return { backend: 'onnx-wasm', variant: 'int8', code, n: 1 };
  });
  const report = {
    ...sampleReport({ health: { errors: { 'page-lost': 1 }, quarantines } }),
    opens: { tried: 2, failed: { 'page-lost': 2 } },
  };
  const admission = admitReport(new TextEncoder().encode(JSON.stringify(report)));
  if (!admission.ok) throw new Error(admission.refusal.message);
  const { counts } = contributionOf(admission.value, NOW_MS, freshNames());
  expect(counts.errors).toEqual({ 'page-lost': 1 });
  expect(counts.opens?.failed).toEqual({ 'page-lost': 2 });
  const told = LOST_CODES.map((code) => [`onnx-wasm int8 ${code}`, 1]);
  expect(counts.quarantines).toEqual(Object.fromEntries(told));
});

test('an open that failed before a version was known counts for the model, without a version', () => {
  const { v, id, g, t0, dt, sent, dimensions } = sampleReport();
  const { model, library, device, weight } = dimensions;
  const bare = {
    ...{ v, id, g, t0, dt, sent },
    dimensions: { model, library, device, weight },
    health: { ok: 0 },
    opens: { tried: 1, failed: { offline: 1 } },
  };
  const { series, unit, counts } = contributionOf(bare, NOW_MS, freshNames());
  expect(series).toEqual({
    model: 'digits',
    version: '',
    variant: '',
    backend: '',
    device: 'phone',
    arm: '',
  });
  expect(unit).toMatchObject({ version: '', assigned: '' });
  expect(counts).toMatchObject({ reports: 1, ok: 0, opens: { tried: 1, failed: { offline: 1 } } });
});

test('devices of an arm are counted under the version that they are to have', () => {
  const { counts } = sampleContribution({
    first: ['version-day', 'arm-day', 'arm-day-failed'],
    dimensions: { arm: 'canary', assigned: '1.3.0' },
  });
  expect(counts.firsts).toEqual({ 'version-day': 1, 'arm-day': 1, 'arm-day-failed': 1 });
  expect(counts.assigned).toEqual({ '1.3.0': { 'arm-day': 1, 'arm-day-failed': 1 } });
});
