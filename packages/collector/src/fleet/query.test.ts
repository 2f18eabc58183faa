import { expect, test } from 'vitest';
import { NOW_MS } from '../testing/sample-report.js';
import { parseFleetQuery } from './query.js';

const HOUR_MS = 3_600_000;

function query(raw: Record<string, unknown>) {
  const parsed = parseFleetQuery({ model: 'digits', ...raw }, NOW_MS);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.value;
}

test('without a range it is the last hour, whole steps that include the bucket in progress', () => {
  const { fromMs, toMs, stepMs } = query({});
  expect(stepMs).toBe(300_000);
  expect(fromMs).toBe(Date.UTC(2026, 2, 4, 11, 0));
  expect(toMs).toBe(Date.UTC(2026, 2, 4, 12, 5));
});

test.each([
  [1, 300_000],
  [6, 300_000],
  [24, 900_000],
  [24 * 7, HOUR_MS],
  [24 * 30, 6 * HOUR_MS],
  [24 * 400, 7 * 24 * HOUR_MS],
])('a range of %d h is shown in steps of %d ms, at most 200 of them', (hours, stepMs) => {
  const range = query({ from: String(NOW_MS - hours * HOUR_MS), to: String(NOW_MS) });
  expect(range.stepMs).toBe(stepMs);
  expect((range.toMs - range.fromMs) / stepMs).toBeLessThanOrEqual(202);
});

test('times of which only the hours are kept are shown in steps of an hour', () => {
  const fromMs = NOW_MS - 60 * 24 * HOUR_MS;
  const range = { from: String(fromMs), to: String(fromMs + 2 * HOUR_MS) };
  expect(query(range).stepMs).toBe(HOUR_MS);
  expect(parseFleetQuery({ model: 'digits', ...range, step: '300000' }, NOW_MS).ok).toBe(false);
});

test.each<[string, Record<string, unknown>, string]>([
  ['no model', { model: undefined }, 'model'],
  ['a model twice', { model: ['a', 'b'] }, 'model'],
  ['a version that is none', { version: 'latest' }, 'version'],
  ['an unknown backend', { backend: 'cuda' }, 'backend'],
  ['an unknown class of devices', { device: 'fridge' }, 'device'],
  ['an unknown parameter', { colour: 'red' }, 'colour'],
  ['a time that is no number', { from: 'yesterday' }, 'from'],
  ['an end before the start', { from: '1000', to: '999' }, 'from'],
  ['a range of two years', { from: String(NOW_MS - 730 * 24 * HOUR_MS) }, 'from'],
  ['a step that is not a multiple of the bucket', { step: '1000' }, 'step'],
  ['a step of zero', { step: '0' }, 'step'],
  ['too many steps', { from: String(NOW_MS - 30 * 24 * HOUR_MS), step: '300000' }, 'step'],
])('%s is refused with the parameter to blame', (_what, raw, path) => {
  const parsed = parseFleetQuery({ model: 'digits', ...raw }, NOW_MS);
  expect(parsed).toMatchObject({
    ok: false,
    refusal: { code: 'query-invalid', details: { path } },
  });
});

test('a class of devices can be asked for, and so can those that are of none', () => {
  expect(query({ device: 'phone' }).device).toBe('phone');
  expect(query({ device: 'other' }).device).toBe('other');
  expect(query({})).not.toHaveProperty('device');
});

const DAY_MS = 24 * HOUR_MS;
const MIDNIGHT_MS = Date.UTC(2026, 2, 4);
const from = (daysAgo: number, toDaysAgo = 0) => ({
  model: 'digits',
  from: String(NOW_MS - daysAgo * DAY_MS),
  to: String(NOW_MS - toDaysAgo * DAY_MS),
});

test('a question that is made of days is asked for whole UTC days, of more than a year', () => {
  const scope = { maxDays: 400, bounds: 'days' } as const;
  expect(parseFleetQuery(from(400), NOW_MS, scope)).toMatchObject({
    ok: true,
    value: { fromMs: MIDNIGHT_MS - 400 * DAY_MS, toMs: MIDNIGHT_MS + DAY_MS, stepMs: DAY_MS },
  });
  expect(parseFleetQuery(from(401), NOW_MS, scope).ok).toBe(false);
});

test('a question about cohorts has a month at most, of any time; where their hours are gone it is of whole days', () => {
  const scope = { maxDays: 35, bounds: 'cohorts' } as const;
  expect(parseFleetQuery(from(36), NOW_MS, scope)).toMatchObject({
    ok: false,
    refusal: { details: { path: 'from' } },
  });
  expect(parseFleetQuery(from(90.5, 60.5), NOW_MS, scope)).toMatchObject({
    value: { fromMs: MIDNIGHT_MS - 90 * DAY_MS, toMs: MIDNIGHT_MS - 59 * DAY_MS },
  });
  // the beginning is gone, the end is not
  const half = parseFleetQuery({ ...from(50, 20), step: String(HOUR_MS) }, NOW_MS, scope);
  expect(half).toMatchObject({
    value: { fromMs: MIDNIGHT_MS - 50 * DAY_MS, toMs: NOW_MS - 20 * DAY_MS + 58 * 60_000 },
  });
});

test('a question about cohorts is of whole hours: rows of the one it begins in are not left out', () => {
  const scope = { maxDays: 35, bounds: 'cohorts' } as const;
  // at 12:02, without a range
  const lastHour = parseFleetQuery({ model: 'digits' }, NOW_MS, scope);
  expect(lastHour).toMatchObject({
    value: { fromMs: Date.UTC(2026, 2, 4, 11), toMs: Date.UTC(2026, 2, 4, 13) },
  });
  const early = Date.UTC(2026, 2, 3, 10, 55);
  const range = { model: 'digits', from: String(early), to: String(early + 600_000) };
  expect(parseFleetQuery(range, NOW_MS, scope)).toMatchObject({
    value: { fromMs: Date.UTC(2026, 2, 3, 10), toMs: Date.UTC(2026, 2, 3, 12) },
  });
});

test('what is kept by the hour alone is not asked about last month, and the refusal says since when it can be', () => {
  const scope = { maxDays: 35, bounds: 'steps', isRecent: true } as const;
  expect(parseFleetQuery(from(35), NOW_MS, scope).ok).toBe(true);
  const refused = parseFleetQuery(from(40, 10), NOW_MS, scope);
  expect(refused).toMatchObject({ ok: false, refusal: { code: 'query-invalid' } });
  expect(!refused.ok && refused.refusal.message).toContain('2026-01-28T00:00:00.000Z');
});

test('what is judged ends ten minutes ago, when its reports have come in', () => {
  const scope = { maxDays: 35, bounds: 'steps', isJudged: true } as const;
  expect(parseFleetQuery(from(1), NOW_MS, scope)).toMatchObject({
    value: { toMs: NOW_MS - 600_000 },
  });
  expect(parseFleetQuery(from(2, 1), NOW_MS, scope)).toMatchObject({
    value: { toMs: NOW_MS - DAY_MS + 13 * 60_000 },
  });
});

test('a range that is held against the one before is of hours where that one is', () => {
  const scope = { maxDays: 35, bounds: 'steps', isCompared: true } as const;
  const range = { ...from(18.5, 17), step: '300000' };
  expect(parseFleetQuery(range, NOW_MS, scope).ok).toBe(true);
  // 17 days before it are 37 days ago
  expect(parseFleetQuery({ ...from(18.5, 0), step: '300000' }, NOW_MS, scope)).toMatchObject({
    ok: false,
    refusal: { details: { path: 'step' } },
  });
});
