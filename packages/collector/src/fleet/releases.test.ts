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
  const { events } = await fleetReleases(store, QUERY, {});
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

test('a share is dated by when it was signed, but not before the first facts, or by a clock that is ahead', async () => {
  const [canary, stable] = FACTS.versions;
  if (!canary || !stable) throw new Error('expected two versions');
  const store = await storeOf([]);
  const at = (hour: number) => MONDAY_MS + hour * HOUR_MS;
  const rollout = { salt: 'a'.repeat(32), fromBps: 0, toBps: 500 };
  const know = async (hour: number, toBps: number, offered: number[]) => {
    const offeredMs = offered.map(at);
    const one = { ...canary, rollout: { ...rollout, toBps, offeredMs } };
    const facts = { ...FACTS, versions: [one, stable] };
    await store.keepFacts({ format: 1, models: [facts] }, at(hour));
    const { events } = await fleetReleases(store, QUERY, { facts });
    return events
      .filter(({ version }) => version === canary.version)
      .map(({ atMs }) => (atMs - MONDAY_MS) / HOUR_MS);
  };
  await store.keepFacts({ format: 1, models: [{ ...FACTS, versions: [stable] }] }, at(2));
  expect(await know(4, 500, [1])).toEqual([4]);
  expect(await know(5, 1000, [3, 4.5])).toEqual([3, 4.5]);
  expect(await know(6, 2500, [3, 4.5, 6.5])).toEqual([3, 4.5, 6]);
  await store.close();
});

test('of a range the events within it, and of other models none', async () => {
  const store = await storeOf([report(1, '1.0.0'), report(3, '1.1.0')]);
  const of = async (fromHour: number, toHour: number, model = 'digits') => {
    const range = { fromMs: MONDAY_MS + fromHour * HOUR_MS, toMs: MONDAY_MS + toHour * HOUR_MS };
    const { events } = await fleetReleases(store, { ...QUERY, ...range, model }, {});
    return events.map(({ version }) => version);
  };
  expect(await of(0, 10)).toEqual(['1.0.0', '1.1.0']);
  expect(await of(1, 3)).toEqual(['1.0.0']);
  expect(await of(3, 4)).toEqual(['1.1.0']);
  expect(await of(0, 10, 'pages')).toEqual([]);
  await store.close();
});

test('a canary behind a version for all is over, also once that one is taken back, and before that it is not', async () => {
  const store = await storeOf([]);
  const [canary, stable] = FACTS.versions;
  if (!canary || !stable) throw new Error('expected two versions');
  const newer = { ...stable, version: '1.2.0', sequence: 9 };
  const know = async (hour: number, ...versions: typeof FACTS.versions) => {
    const facts = { ...FACTS, versions: [...versions, canary, stable] };
    await store.keepFacts({ format: 1, models: [facts] }, MONDAY_MS + hour * HOUR_MS);
    const toMs = MONDAY_MS + (hour + 1) * HOUR_MS;
    return (await fleetReleases(store, { ...QUERY, toMs }, { facts })).over;
  };
  expect(await know(1)).toEqual([]);
  expect(await know(2, newer)).toEqual(['1.1.0']);
  expect(await know(3, { ...newer, state: 'revoked' })).toEqual(['1.1.0']);
  await store.close();
});
