import { expect, test } from 'vitest';
import {
  before,
  lastingState,
  momentOf,
  monthBefore,
  monthOf,
} from '../../dashboard/state/moment.js';
import { pageStateSearch, readPageState } from '../../dashboard/state/page-state.js';

const NOW_MS = Date.UTC(2026, 2, 4, 12);
const HOUR_MS = 3_600_000;
const SUMMARY = {
  model: 'digits',
  versions: ['1.0.0', '1.10.0', '1.9.0', ''],
  firstMs: Date.UTC(2026, 0, 5),
  lastMs: NOW_MS,
};

function momentAt(search: string) {
  return momentOf(readPageState(search), SUMMARY, { nowMs: NOW_MS, minDevices: 1 });
}

test('an address holds view, model, version, segment and time, and gives them back', () => {
  const search =
    '?view=debug&model=digits&version=1.1.0&segment=device%3Aphone' +
    '&from=2026-03-04T09%3A00%3A00.000Z&to=2026-03-04T10%3A00%3A00.000Z';
  const state = readPageState(search);
  expect(state).toMatchObject({
    view: 'debug',
    model: 'digits',
    version: '1.1.0',
    segment: 'device:phone',
    range: { fromMs: NOW_MS - 3 * HOUR_MS, toMs: NOW_MS - 2 * HOUR_MS },
  });
  expect(readPageState(pageStateSearch(state))).toEqual(state);
});

test('a link that is copied says from when to when, where the page moves on with time', () => {
  const moment = momentAt('?range=6h');
  expect(moment).toMatchObject({ fromMs: NOW_MS - 6 * HOUR_MS, toMs: NOW_MS });
  const search = pageStateSearch(lastingState(moment));
  const later = momentOf(readPageState(search), SUMMARY, {
    nowMs: NOW_MS + 24 * HOUR_MS,
    minDevices: 1,
  });
  expect(later).toMatchObject({ fromMs: moment.fromMs, toMs: moment.toMs });
  expect(later.state.model).toBe('digits');
  const month = pageStateSearch(lastingState(momentAt('?view=executive')));
  expect(readPageState(month).month).toBe('2026-03');
});

test('a link to a moment shows the day before it', () => {
  const atMs = NOW_MS - 2 * HOUR_MS;
  const { state, fromMs, toMs } = momentAt('?model=digits&at=2026-03-04T10:00:00.000Z');
  expect(state).toMatchObject({ view: 'on-call', model: 'digits' });
  expect([fromMs, toMs]).toEqual([atMs - 24 * HOUR_MS, atMs]);
  expect(readPageState(pageStateSearch(state))).toEqual(state);
});

test.each([
  '?at=yesterday',
  '?from=yesterday&to=today',
  '?from=2026-03-04T10:00Z&to=2026-03-04T09:00Z',
  '?range=1y',
  '?view=root&segment=<b>&month=2026-13',
])('an address that makes no sense shows the last day of the first view: %s', (search) => {
  const { view, segment, month, range } = readPageState(search);
  expect([view, segment, month]).toEqual(['on-call', '', '']);
  expect(range).toMatchObject({ key: '24h' });
});

test('the period before is as long, and the version before is the next older one', () => {
  const moment = momentAt('?range=1h&version=1.10.0');
  expect(before(moment)).toEqual({ fromMs: NOW_MS - 2 * HOUR_MS, toMs: NOW_MS - HOUR_MS });
  expect(moment.versionBefore).toBe('1.9.0');
  expect(momentAt('?version=1.0.0').versionBefore).toBe('');
  expect(momentAt('').versionBefore).toBe('');
});

test('a month is a month of the calendar in UTC, as far as it has come', () => {
  expect(monthOf(momentAt('?month=2026-03'))).toEqual({
    key: '2026-03',
    fromMs: Date.UTC(2026, 2, 1),
    toMs: NOW_MS,
  });
  const february = { key: '2026-02', fromMs: Date.UTC(2026, 1, 1), toMs: Date.UTC(2026, 2, 1) };
  expect(monthOf(momentAt('?month=2026-02'))).toEqual(february);
  expect(monthBefore(momentAt('?month=2026-03'))).toEqual(february);
  expect(monthBefore(momentAt('?month=2026-01')).key).toBe('2025-12');
});

test('without a choice it is the newest month with data, and never one that has not begun', () => {
  const monthWith = (lastMs: number) =>
    monthOf(momentOf(readPageState(''), { ...SUMMARY, lastMs }, { nowMs: NOW_MS, minDevices: 1 }))
      .key;
  expect(monthWith(NOW_MS)).toBe('2026-03');
  expect(monthWith(Date.UTC(2026, 0, 31, 23))).toBe('2026-01');
  expect(monthWith(Date.UTC(2026, 5, 1))).toBe('2026-03');
});
