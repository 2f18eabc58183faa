import { expect, test } from 'vitest';
import { NOW_MS } from '../testing/sample-report.js';
import { parseFleetQuery } from './query.js';

const HOUR_MS = 3_600_000;

function query(raw: Record<string, unknown>) {
  const parsed = parseFleetQuery({ model: 'digits', ...raw }, NOW_MS);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.query;
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
