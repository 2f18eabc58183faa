import { afterEach, expect, test } from 'vitest';
import type { RollupStore, VersionState } from '../store/rollup-store.js';
import { factsOf, HOUR_MS, MONDAY_MS, storeOf } from '../testing/fleet-store.js';
import { sampleFinding } from '../testing/sample-finding.js';
import { readDeliveries } from './deliveries.js';

const WEEK = { model: 'digits', fromMs: MONDAY_MS, toMs: MONDAY_MS + 168 * HOUR_MS };

let store: RollupStore;
afterEach(() => store.close());

/** Facts as they were at these hours: each version `stable`, `revoked`, `shadow`, or a canary of so many percent. */
async function journal(
  ...known: readonly (readonly [hour: number, Record<string, string | number>])[]
) {
  store = await storeOf([]);
  for (const [hour, versions] of known) {
    const states = Object.entries(versions).map(
      ([version, is]): VersionState => ({
        ...{ model: 'digits', version },
        state: typeof is === 'number' ? 'canary' : (is as 'stable'),
        rollout: is === 'stable' ? null : { fromBps: 0, toBps: 100 * (Number(is) || 1) },
      }),
    );
    await store.keepFacts(factsOf(states), MONDAY_MS + hour * HOUR_MS);
  }
}

test('two versions went out, one of them to all after two days, and one came back after an hour, ten minutes after its verdict', async () => {
  const since = { '1.0.0': 'stable' };
  await journal(
    [-99, since],
    [1, { ...since, '1.1.0': 1 }],
    [2, { ...since, '1.1.0': 5 }],
    [49, { ...since, '1.1.0': 'stable' }],
    [60, { '1.1.0': 'stable', '1.2.0': 5 }],
    [61, { '1.1.0': 'stable', '1.2.0': 'revoked' }],
  );
  const said = { kind: 'verdict', state: 'roll-back', subject: 'e', version: '1.2.0' };
  const minute = MONDAY_MS + 60 * HOUR_MS + 50 * 60_000;
  const entries = [0, 300_000].map((later) => sampleFinding({ ...said, atMs: minute + later }));
  await store.addLook(entries, minute);
  expect(await readDeliveries(store, WEEK)).toEqual({
    deployments: 2,
    revoked: 1,
    leadMs: 48 * HOUR_MS,
    restoreMs: HOUR_MS,
    restoreFromVerdictMs: 600_000,
  });
});

test('a shadow is delivered once it serves, and one that was taken back before was never out', async () => {
  const since = { '1.0.0': 'stable' };
  await journal(
    [-99, since],
    [1, { ...since, '1.1.0': 'shadow' }],
    [3, { ...since, '1.1.0': 5 }],
    [5, { ...since, '1.1.0': 'stable' }],
    [6, { '1.1.0': 'stable', '1.2.0': 'shadow' }],
    [7, { '1.1.0': 'stable', '1.2.0': 'revoked' }],
  );
  expect(await readDeliveries(store, WEEK)).toEqual({
    ...{ deployments: 1, revoked: 0, leadMs: 2 * HOUR_MS },
    ...{ restoreMs: null, restoreFromVerdictMs: null },
  });
});

test('what was out when the journal began, and what was done after the range, is no delivery of it', async () => {
  await journal(
    [1, { '1.0.0': 'stable', '1.1.0': 5 }],
    [2, { '1.1.0': 'stable', '1.0.0': 'revoked', '0.9.0': 'revoked' }],
    [3, { '1.1.0': 'stable', '1.2.0': 'stable' }],
    [200, { '1.1.0': 'stable', '1.2.0': 'revoked', '1.3.0': 5 }],
  );
  const none = { revoked: 0, restoreMs: null, restoreFromVerdictMs: null };
  expect(await readDeliveries(store, WEEK)).toEqual({ ...none, deployments: 1, leadMs: 0 });
});
