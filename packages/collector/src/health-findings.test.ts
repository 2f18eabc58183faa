import { expect, test } from 'vitest';
import type { Health } from '../dashboard/fetch-health.js';
import { healthFindings } from '../dashboard/health-findings.js';
import { DEFAULT_TARGETS } from './files/targets.js';
import { fleetAccuracy } from './fleet/accuracy.js';
import { fleetCanary } from './fleet/canary.js';
import { fleetDrift } from './fleet/drift.js';
import { fleetService } from './fleet/service.js';
import { fleetSilence } from './fleet/silence.js';
import {
  DAY_MS,
  type DeviceReport,
  FACTS,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from './testing/fleet-store.js';

const NOTHING_KNOWN: Health = {
  service: null,
  drift: null,
  accuracy: null,
  canary: null,
  silence: null,
};

/** What the page asks of a store. */
async function healthOf(reports: readonly DeviceReport[]): Promise<Health> {
  const store = await storeOf(reports);
  const query = {
    model: 'digits',
    fromMs: MONDAY_MS,
    toMs: MONDAY_MS + 3 * DAY_MS,
    stepMs: HOUR_MS,
  };
  const context = { facts: FACTS, minDevices: 50 };
  const health = {
    service: await fleetService(store, query, { targets: DEFAULT_TARGETS, minDevices: 50 }),
    drift: await fleetDrift(store, query, context),
    accuracy: await fleetAccuracy(store, query, context),
    canary: await fleetCanary(store, query, context),
    silence: await fleetSilence(store, query),
  };
  await store.close();
  return health;
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
  expect(healthFindings(NOTHING_KNOWN)).toEqual([]);
});

test('silence comes first, with its hour; what misses its target follows', async () => {
  const health = await healthOf(
    hours(THREE_DAYS.slice(0, 66), () => ({ ok: 9, failed: 1, latencyMs: 900 })),
  );
  const found = healthFindings(health);
  expect(found.map(({ id }) => id)).toEqual(['silence', 'success', 'latency']);
  expect(found[0]?.text).toMatch(/^Far fewer devices report than usual, since .+\.$/);
  expect(found[1]?.text).toBe('1.0.0 succeeds in 90.0% of runs, under the target of 99.90%.');
  expect(found[2]?.text).toMatch(/^1\.0\.0 takes 8\d\d ms at P95|^1\.0\.0 takes 9\d\d ms at P95/);
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
