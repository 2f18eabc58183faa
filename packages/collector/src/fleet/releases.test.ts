import { expect, test } from 'vitest';
import { type DeviceReport, FACTS, HOUR_MS, MONDAY_MS, storeOf } from '../testing/fleet-store.js';
import { fleetReleases } from './releases.js';

const QUERY = {
  model: 'digits',
  fromMs: MONDAY_MS,
  toMs: MONDAY_MS + 10 * HOUR_MS,
  stepMs: HOUR_MS,
};
const report = (hour: number, version: string): DeviceReport => ({
  atMs: MONDAY_MS + hour * HOUR_MS,
  g: 1,
  version,
});

test('what facts say is written down when it changes, and a version without facts when it is first seen', async () => {
  const [canary, stable] = FACTS.versions;
  if (!canary || !stable) throw new Error('expected two versions');
  const store = await storeOf([report(1, '1.0.0'), report(5.5, '9.0.0'), report(7, '9.0.0')]);
  const know = (versions: typeof FACTS.versions, hour: number) =>
    store.keepFacts({ format: 1, models: [{ ...FACTS, versions }] }, MONDAY_MS + hour * HOUR_MS);
  await know([stable], 2);
  await know([canary, stable], 4);
  await know([{ ...canary, state: 'stable', rollout: undefined }, stable], 8);
  const { events } = await fleetReleases(store, QUERY);
  const hours = events.map(({ atMs, version, state, rollout }) => [
    ...[(atMs - MONDAY_MS) / HOUR_MS, version, state],
    rollout,
  ]);
  expect(hours).toEqual([
    [2, '1.0.0', 'stable', null],
    [4, '1.1.0', 'canary', { fromBps: 0, toBps: 500 }],
    [5, '9.0.0', 'seen', null],
    [8, '1.1.0', 'stable', null],
  ]);
  await store.close();
});

test('of a range the events within it, and of other models none', async () => {
  const store = await storeOf([report(1, '1.0.0'), report(3, '1.1.0')]);
  const of = async (fromHour: number, toHour: number, model = 'digits') => {
    const range = { fromMs: MONDAY_MS + fromHour * HOUR_MS, toMs: MONDAY_MS + toHour * HOUR_MS };
    const { events } = await fleetReleases(store, { ...QUERY, ...range, model });
    return events.map(({ version }) => version);
  };
  expect(await of(0, 10)).toEqual(['1.0.0', '1.1.0']);
  expect(await of(1, 3)).toEqual(['1.0.0']);
  expect(await of(3, 4)).toEqual(['1.1.0']);
  expect(await of(0, 10, 'pages')).toEqual([]);
  await store.close();
});
