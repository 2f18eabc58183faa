import { expect, test } from 'vitest';
import { DEFAULT_TARGETS } from '../files/targets.js';
import type { RollupStore } from '../store/rollup-store.js';
import {
  DAY_MS,
  type DeviceReport,
  FACTS,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { fleetAccuracy } from './accuracy.js';
import { fleetCanary } from './canary.js';
import { fleetCoverage } from './coverage.js';
import { fleetFaults } from './faults.js';
import { fleetService } from './service.js';

const QUERY = fleetQuery(MONDAY_MS, MONDAY_MS + 2 * DAY_MS);
const CONTEXT = { facts: FACTS, minDevices: 50, targets: DEFAULT_TARGETS };

/** Both sides of a rollout on two days, with labels. */
function reports(): DeviceReport[] {
  return [0, 1].flatMap((day) =>
    [0, 7].flatMap((hour) =>
      (['canary', 'control'] as const).flatMap((arm) =>
        Array.from({ length: 128 }, (_, i): DeviceReport => {
          const failed = arm === 'canary' && i % 3 === 0 ? 2 : 0;
          return {
            atMs: MONDAY_MS + day * DAY_MS + hour * HOUR_MS,
            g: i % 64,
            arm,
            version: arm === 'canary' ? '1.1.0' : '1.0.0',
            ...{ ok: 10 - failed, failed, latencyMs: 10 + (i % 7) * 30 },
            first: hour === 0 ? ['version-day', 'arm-day'] : [],
            more: {
              feedback: {
                byAge: [
                  {
                    days: 0,
                    bins: [
                      [2, 1],
                      [3, 3],
                    ],
                  },
                ],
              },
              updates: [{ version: '1.1.0', installed: 1 }],
            },
          };
        }),
      ),
    ),
  );
}

async function everything(store: RollupStore) {
  return {
    service: await fleetService(store, QUERY, { targets: DEFAULT_TARGETS, minDevices: 50 }),
    accuracy: await fleetAccuracy(store, QUERY, CONTEXT),
    canary: await fleetCanary(store, QUERY, CONTEXT),
    coverage: await fleetCoverage(store, QUERY, CONTEXT),
    faults: await fleetFaults(store, QUERY, CONTEXT),
  };
}

test('what is asked about cohorts of last month is answered as it was then', async () => {
  const store = await storeOf(reports());
  const then = await everything(store);
  expect(then.canary.rollouts[0]?.verdict.verdict).toBe('roll-back');
  expect(then.accuracy.versions[0]?.labelled.n).toBeGreaterThan(0);
  expect(then.service.versions).toHaveLength(2);
  await store.prune(MONDAY_MS + 60 * DAY_MS);
  expect(await store.cohorts(QUERY)).toEqual([]);
  expect(await everything(store)).toEqual(then);
  await store.close();
});
