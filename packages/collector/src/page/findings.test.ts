import { expect, test } from 'vitest';
import type { Answers } from '../../dashboard/asking/ask.js';
import { healthOf as dashboardHealth, healthFindings } from '../../dashboard/words/findings.js';
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
async function healthOf(reports: readonly DeviceReport[], fromMs = MONDAY_MS): Promise<Answers> {
  const store = await storeOf(reports);
  const { answers } = await pageAnswers(store, [...HEALTH_QUESTIONS, 'objectives', 'parts'], {
    search: `?from=${new Date(fromMs).toISOString()}&to=${new Date(fromMs + 3 * DAY_MS).toISOString()}`,
    nowMs: fromMs + 3 * DAY_MS + HOUR_MS,
    facts: FACTS,
    minDevices: 20,
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

const THREE_DAYS = Array.from({ length: 72 }, (_, i) => i);

test('a fleet that is well has nothing to say', async () => {
  expect(healthFindings(await healthOf(hours(THREE_DAYS)))).toEqual([]);
});

test('a collector that does not answer is no alarm', () => {
  expect(healthFindings({})).toEqual([]);
});

test('silence comes first, with its hour; what misses its target follows', async () => {
  const week = Array.from({ length: 7 * 24 }, (_, i) => i - 7 * 24);
  const badly = () => ({ ok: 9, failed: 1, latencyMs: 900 });
  const reports = [...hours(week), ...hours(THREE_DAYS.slice(0, 66), badly)];
  const later = reports.map((report) => ({ ...report, atMs: report.atMs + 7 * DAY_MS }));
  const health = await healthOf(
    later.filter(({ g }) => g < 24),
    MONDAY_MS + 7 * DAY_MS,
  );
  const found = healthFindings(health);
  expect(found.map(({ id }) => id)).toEqual(['silence', 'success', 'latency']);
  expect(found[0]?.text).toMatch(/^Far fewer devices report than usual, since .+\.$/);
  const since = '9 Mar (UTC)';
  expect(found[1]?.text).toBe(
    `1.0.0 succeeds in 90.0% of runs, under the target of 99.90% since ${since}.`,
  );
  expect(found[2]?.text).toMatch(/^1\.0\.0 takes 8\d\d ms at P95|^1\.0\.0 takes 9\d\d ms at P95/);
});

test('failures that four of 64 groups of devices make are said to be theirs, and are no alarm in red', async () => {
  const failing = (groups: number) => (i: number) => (i < groups ? { ok: 1, failed: 9 } : {});
  const byFour = dashboardHealth(await healthOf(hours(THREE_DAYS, failing(4))));
  expect(byFour).toMatchObject({ state: 'doubtful', findings: [{ id: 'success' }] });
  expect(byFour.findings[0]?.text).toMatch(/\. It is made by four of 64 groups of devices\.$/);
  const byMany = dashboardHealth(await healthOf(hours(THREE_DAYS, failing(16))));
  expect(byMany).toMatchObject({ state: 'unwell', findings: [{ id: 'success', isByFew: false }] });
});

test('a canary that is worse is named with the measures that say so', async () => {
  const side = (arm: 'canary' | 'control') =>
    hours(THREE_DAYS.slice(0, 10), (i) => {
      const failed = arm === 'canary' && i % 2 === 0 ? 5 : 0;
      return { arm, version: arm === 'canary' ? '1.1.0' : '1.0.0', ok: 10 - failed, failed };
    });
  const found = healthFindings(await healthOf([...side('canary'), ...side('control')]));
  const rollout = found.find(({ id }) => id === 'rollout');
  expect(rollout?.text).toMatch(
    /^1\.1\.0 is worse than its control: failed runs \(\+\d+\.\d points\)/,
  );
});
