import { expect, test } from 'vitest';
import type { Answers } from '../../dashboard/asking/ask.js';
import { healthFindings, healthOf } from '../../dashboard/words/findings.js';
import { formatMoment } from '../../dashboard/words/format.js';
import { lookedAtWords } from '../../dashboard/words/looks.js';
import { HEALTH_QUESTIONS } from '../findings/findings.js';
import {
  DAY_MS,
  type DeviceReport,
  FACTS,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { pageAnswers } from '../testing/page-answers.js';

/** What the page asks of a store. */
async function answersOf(
  reports: readonly DeviceReport[],
  { fromMs = MONDAY_MS, minDevices = 20 } = {},
): Promise<Answers> {
  const store = await storeOf(reports);
  const { answers } = await pageAnswers(store, [...HEALTH_QUESTIONS, 'objectives', 'parts'], {
    search: `?from=${new Date(fromMs).toISOString()}&to=${new Date(fromMs + 3 * DAY_MS).toISOString()}`,
    nowMs: fromMs + 3 * DAY_MS + HOUR_MS,
    facts: FACTS,
    minDevices,
  });
  await store.close();
  return answers;
}

/** Some devices of each hour that is named. */
function hours(list: readonly number[], more: (i: number) => Partial<DeviceReport> = () => ({})) {
  return list.flatMap((hour) =>
    Array.from({ length: 64 }, (_, i): DeviceReport => {
      return { atMs: MONDAY_MS + hour * HOUR_MS, g: i % 64, ...more(i) };
    }),
  );
}

const TO_TELL = ', to tell whether inputs or answers change, or devices fall silent';

const THREE_DAYS = Array.from({ length: 72 }, (_, i) => i);

test('a model that ran ten times is not called healthy: what is missing is said, and when it is there', async () => {
  const ten = [{ atMs: MONDAY_MS, g: 7, version: '9.0.0', ok: 10 }];
  const { state, lookedAt } = healthOf(await answersOf(ten, { minDevices: 1 }));
  expect(state).toBe('too-early');
  const past = `no past until ${formatMoment(MONDAY_MS + 7 * DAY_MS)}`;
  expect(lookedAt.has).toEqual(['10 runs', '1 device', 'no baseline', 'no past']);
  expect(lookedAt.missing).toEqual([
    '10 of 100 runs',
    '1 of 20 devices',
    'no baseline until a release brings one',
    `${past}${TO_TELL}`,
    'no labels until the app gives feedback',
  ]);
  expect(lookedAt.seen).toEqual([]);
  // 60 in the 24 hours since the first
  const sixty = [48, 52, 56, 60, 64, 68].map((hour) => ({
    ...ten[0],
    atMs: MONDAY_MS + hour * HOUR_MS,
    g: 7,
  }));
  const soon = healthOf(await answersOf(sixty, { minDevices: 1 })).lookedAt.missing;
  expect(soon).toContain(
    `60 of 100 runs, the rest by about ${formatMoment(MONDAY_MS + 88 * HOUR_MS)}`,
  );
});

test('a past that several findings lack is said once, with the day from which on all have it', () => {
  const day = (days: number) => MONDAY_MS + days * DAY_MS;
  const { missing, unseen } = lookedAtWords([
    { id: 'silence', lacks: [{ what: 'past', atMs: day(7) }] },
    { id: 'drift', lacks: [{ what: 'past', atMs: day(3) }] },
  ]);
  expect(missing).toEqual([`no past until ${formatMoment(day(7))}${TO_TELL}`]);
  expect(unseen).toEqual([
    `silence: no past until ${formatMoment(day(7))}`,
    `drift: no past until ${formatMoment(day(3))}`,
  ]);
});

test('how many devices there are and are needed is said, and not the count of an hour in which none came', () => {
  const { has, missing } = lookedAtWords([
    { id: 'silence', lacks: [{ what: 'devices', have: 0, need: null, atMs: null }] },
    { id: 'success', lacks: [{ what: 'devices', have: 12, need: 20, atMs: null }] },
  ]);
  expect(has).toEqual(['12 devices']);
  expect(missing).toEqual(['12 of 20 devices']);
});

test('a silence of the whole range is said to be older than that', () => {
  const hours = [{ atMs: MONDAY_MS, isSilent: true, expected: {}, fewest: 9, received: 0 }];
  const silence = { hours, silentSinceMs: MONDAY_MS, judgedFromMs: 0 };
  const [found] = healthFindings({ silence } as never);
  expect(found?.text).toContain(`than usual, since before ${formatMoment(MONDAY_MS)}.`);
});

test('healthy is said of what could be looked at, with what would have been found', async () => {
  const { state, findings, lookedAt } = healthOf(await answersOf(hours(THREE_DAYS)));
  expect(findings).toEqual([]);
  expect(state).toBe('well');
  expect(lookedAt.names).toBe('success, latency and drift');
  expect(lookedAt.unseen).toEqual([
    `silence: no past until ${formatMoment(MONDAY_MS + 7 * DAY_MS)}`,
    'accuracy: no labels until the app gives feedback',
  ]);
  expect(lookedAt.seen).toEqual([
    expect.stringMatching(/^success: below about 99\.\d\d% of runs$/),
    expect.stringMatching(/^latency: below about 9\d\.\d% of results within the target for P95$/),
    expect.stringMatching(/^drift: a population stability index from about 0\.0\d+ on$/),
  ]);
});

test('a collector that does not answer is no alarm', () => {
  expect(healthFindings({})).toEqual([]);
});

test('silence comes first, with its hour; what misses its target follows', async () => {
  const week = Array.from({ length: 7 * 24 }, (_, i) => i - 7 * 24);
  const badly = () => ({ ok: 9, failed: 1, latencyMs: 900 });
  const reports = [...hours(week), ...hours(THREE_DAYS.slice(0, 66), badly)];
  const later = reports.map((report) => ({ ...report, atMs: report.atMs + 7 * DAY_MS }));
  const health = await answersOf(
    later.filter(({ g }) => g < 24),
    { fromMs: MONDAY_MS + 7 * DAY_MS },
  );
  const found = healthFindings(health);
  expect(found.map(({ id }) => id)).toEqual(['silence', 'success', 'latency']);
  expect(found[0]?.text).toMatch(
    /^Of the whole fleet far fewer devices report than usual, since .+\.$/,
  );
  const since = '9 Mar (UTC)';
  expect(found[1]?.text).toBe(
    `1.0.0 succeeds in 90.0% of runs, under the target of 99.90% since ${since}.`,
  );
  expect(found[1]?.more).toBe('No part of the fleet has more of it than others.');
  expect(found[2]?.text).toMatch(/^1\.0\.0 takes 8\d\d ms at P95|^1\.0\.0 takes 9\d\d ms at P95/);
});

test('failures that four of 64 groups of devices make are said to be theirs, and are no alarm in red', async () => {
  const failing = (groups: number) => (i: number) => (i < groups ? { ok: 1, failed: 9 } : {});
  const byFour = healthOf(await answersOf(hours(THREE_DAYS, failing(4))));
  expect(byFour).toMatchObject({ state: 'doubtful', findings: [{ id: 'success' }] });
  expect(byFour.findings[0]?.more).toMatch(/It is made by four of 64 groups of devices\.$/);
  const byMany = healthOf(await answersOf(hours(THREE_DAYS, failing(16))));
  expect(byMany).toMatchObject({ state: 'unwell', findings: [{ id: 'success', isByFew: false }] });
});

test('a canary that is worse is named with its begin, and with the measures that say so', async () => {
  const side = (arm: 'canary' | 'control') =>
    hours(THREE_DAYS.slice(0, 10), (i) => {
      const failed = arm === 'canary' && i % 2 === 0 ? 5 : 0;
      return { arm, version: arm === 'canary' ? '1.1.0' : '1.0.0', ok: 10 - failed, failed };
    });
  const found = healthFindings(await answersOf([...side('canary'), ...side('control')]));
  const rollout = found.find(({ id }) => id === 'rollout');
  expect(rollout?.text).toMatch(
    /^1\.1\.0 is worse than its control, known since .+: roll it back\.$/,
  );
  expect(rollout?.more).toMatch(
    /^It began on 2 Mar.*, 00:00 and is on 640 devices\. Failed runs \+\d+\.\d points/,
  );
});
