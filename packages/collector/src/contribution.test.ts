import { histogramFromJson } from '@nearside/core';
import { expect, test } from 'vitest';
import { BUCKET_MS, contributionOf, LATE_MS } from './contribution.js';
import { NOW_MS, sampleReport, sketch } from './testing/sample-report.js';

test('day and bucket come from the start of the window', () => {
  const t0 = Date.UTC(2026, 2, 3, 23, 59, 59, 999);
  const contribution = contributionOf(sampleReport({ t0 }), NOW_MS);
  expect(contribution.day).toBe(Date.UTC(2026, 2, 3) / 86_400_000);
  expect(contribution.bucketMs).toBe(Date.UTC(2026, 2, 3, 23, 55));
  expect(contribution.bucketMs % BUCKET_MS).toBe(0);
});

test('a report is late when it is more than an hour old on arrival', () => {
  const punctual = sampleReport({ t0: NOW_MS - LATE_MS });
  const late = sampleReport({ t0: NOW_MS - LATE_MS - 1 });
  expect(contributionOf(punctual, NOW_MS).late).toBe(false);
  expect(contributionOf(late, NOW_MS).late).toBe(true);
});

test('a finer histogram is folded to the scale it is kept at', () => {
  const values = [1, 2, 30, 400];
  const report = { ...sampleReport(), latency: { total: sketch(values, 5) } };
  const [total] = contributionOf(report, NOW_MS).histograms;
  expect(total?.name).toBe('total');
  expect(total?.histogram.buckets).toEqual(histogramFromJson(sketch(values, 3)).buckets);
});

test('counts of zero give no rows', () => {
  const contribution = contributionOf(
    sampleReport({ health: { errors: { deadline: 0 } } }),
    NOW_MS,
  );
  expect(contribution.errors).toEqual([]);
  expect(contribution.scores).not.toContainEqual({ name: 'confidence', bin: 0, n: 0 });
});

test('a report with nothing but the required groups contributes its results', () => {
  const { latency: _, drift: __, feedback: ___, ...bare } = sampleReport({ health: {} });
  const contribution = contributionOf({ ...bare, health: { ok: 5 } }, NOW_MS);
  expect(contribution).toMatchObject({
    ok: 5,
    aborted: 0,
    errors: [],
    histograms: [],
    classes: [],
  });
});
