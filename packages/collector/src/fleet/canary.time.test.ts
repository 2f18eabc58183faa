import { expect, test } from 'vitest';
import { DAY_MS, FACTS, factsOf, fleetQuery, MONDAY_MS, storeOf } from '../testing/fleet-store.js';
import { CONTEXT, DAY, rollout } from '../testing/reported-rollout.js';
import { fleetCanary } from './canary.js';

test('a verdict is on the whole rollout, wherever the range begins that is looked at', async () => {
  const bad = rollout({ canary: 0.6, control: 0.05 });
  const paused = rollout({ canary: 0.05, control: 0.05 }, { day: 7 });
  const now = rollout({ canary: 0.05, control: 0.05 }, { day: 8 });
  // of another canary, before this one: control has nothing to do with it then
  const before = rollout({ canary: 0.5, control: 0.9 }, { day: -4 }).filter(
    ({ arm }) => arm === 'control',
  );
  const store = await storeOf([...before, ...bad, ...paused, ...now]);
  const toMs = MONDAY_MS + 9 * DAY_MS;
  const since = async (days: number) =>
    (await fleetCanary(store, fleetQuery(MONDAY_MS + days * DAY_MS, toMs), CONTEXT)).rollouts;
  const whole = await since(0);
  expect(whole[0]).toMatchObject({ sinceMs: MONDAY_MS, verdict: { verdict: 'roll-back' } });
  for (const days of [-9, -4, 0.5, 1, 4, 6.5, 7, 7.5, 8, 8.5]) {
    expect(await since(days), `from day ${days}`).toEqual(whole);
  }
  await store.close();
});

test('after a week without a report of its canary a rollout has begun anew, for all who look at it', async () => {
  const bad = rollout({ canary: 0.6, control: 0.05 });
  const after = rollout({ canary: 0.05, control: 0.05 }, { day: 8 });
  const store = await storeOf([...bad, ...after]);
  const toMs = MONDAY_MS + 9 * DAY_MS;
  for (const days of [-5, 0, 0.5, 3, 5, 8, 8.5]) {
    const since = fleetQuery(MONDAY_MS + days * DAY_MS, toMs);
    const { rollouts } = await fleetCanary(store, since, CONTEXT);
    expect(rollouts[0], `from day ${days}`).toMatchObject({
      sinceMs: MONDAY_MS + 8 * DAY_MS,
      verdict: { verdict: 'hold' },
    });
  }
  await store.close();
});

test('a range without a report of the canary has no rollout', async () => {
  const store = await storeOf(rollout({ canary: 0.6, control: 0.05 }));
  const later = fleetQuery(MONDAY_MS + DAY_MS, MONDAY_MS + 2 * DAY_MS);
  expect((await fleetCanary(store, later, CONTEXT)).rollouts).toEqual([]);
  await store.close();
});

test('a canary whose control reports later has no verdict until then', async () => {
  const both = rollout({ canary: 0.05, control: 0.05 });
  const later = both.map((one) => ({
    ...one,
    atMs: one.arm === 'control' ? MONDAY_MS + DAY_MS : one.atMs,
  }));
  const store = await storeOf(later);
  for (const [days, verdict] of [
    [1, 'none'],
    [2, 'hold'],
  ] as const) {
    const until = fleetQuery(MONDAY_MS, MONDAY_MS + days * DAY_MS);
    const { rollouts } = await fleetCanary(store, until, CONTEXT);
    expect(rollouts[0]?.verdict.verdict).toBe(verdict);
  }
  await store.close();
});

test('a rollout is over when its version is taken back, or it or a newer one goes to all, even if that one is taken back since', async () => {
  const store = await storeOf(rollout({ canary: 0.3, control: 0.05 }));
  const [canary, stable] = FACTS.versions;
  const revoked = { ...FACTS, versions: [{ ...canary, state: 'revoked' }, stable] };
  const { rollout: _, ...everywhere } = { ...canary, state: 'stable' };
  const newer = { ...everywhere, version: '1.2.0', sequence: 9 };
  for (const [facts, isOver] of [
    [FACTS, false],
    [undefined, false],
    [revoked, true],
    [{ ...FACTS, versions: [everywhere, stable] }, true],
    [{ ...FACTS, versions: [{ ...newer, state: 'stable' }, canary, stable] }, true],
    [{ ...FACTS, versions: [{ ...newer, state: 'revoked' }, canary, stable] }, true],
  ] as [typeof FACTS, boolean][]) {
    const { rollouts } = await fleetCanary(store, DAY, { ...CONTEXT, facts });
    expect(rollouts[0]?.isOver).toBe(isOver);
    const ofNow = await fleetCanary(store, DAY, { ...CONTEXT, facts, isOfNow: true });
    expect(ofNow.rollouts).toHaveLength(isOver ? 0 : 1);
  }
  await store.close();
});

test('who looks at a past day sees the rollout as it was then', async () => {
  const store = await storeOf(rollout({ canary: 0.3, control: 0.05 }));
  const canary = { model: 'digits', version: '1.1.0', rollout: { fromBps: 0, toBps: 500 } };
  await store.keepFacts(factsOf([{ ...canary, state: 'canary' }]), MONDAY_MS);
  await store.keepFacts(factsOf([{ ...canary, state: 'revoked' }]), MONDAY_MS + DAY_MS);
  const [first, ...others] = FACTS.versions;
  const facts = { ...FACTS, versions: [{ ...first, state: 'revoked' }, ...others] } as typeof FACTS;
  const overAt = async (toMs: number) =>
    (await fleetCanary(store, fleetQuery(MONDAY_MS, toMs), { ...CONTEXT, facts })).rollouts[0]
      ?.isOver;
  expect(await overAt(MONDAY_MS + DAY_MS)).toBe(false);
  expect(await overAt(MONDAY_MS + 2 * DAY_MS)).toBe(true);
  await store.close();
});
