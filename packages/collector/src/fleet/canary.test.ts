import { expect, test } from 'vitest';
import {
  DAY_MS,
  type DeviceReport,
  EXPERIMENT,
  FACTS,
  fleetQuery,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { CONTEXT, DAY, EQUAL, rollout, WIDE, withCanary } from '../testing/reported-rollout.js';
import { fleetCanary } from './canary.js';

test('a canary that fails more than its control is rolled back, by name', async () => {
  const store = await storeOf(rollout({ canary: 0.3, control: 0.05 }));
  const { rollouts } = await fleetCanary(store, DAY, CONTEXT);
  expect(rollouts).toMatchObject([
    {
      version: '1.1.0',
      experiment: EXPERIMENT,
      devices: { canary: 640, control: 640 },
      verdict: { verdict: 'roll-back', because: ['failed-runs', 'failed-devices'] },
    },
  ]);
  await store.close();
});

test('a canary that is three times slower on tablets alone, and still quick beside phones, is rolled back: tablets are named', async () => {
  const tablets = (latencyMs: number) => (one: DeviceReport, i: number) =>
    Math.floor(i / 64) === 0
      ? { ...one, device: 'tablet', latencyMs }
      : { ...one, latencyMs: Math.floor(i / 64) === 1 ? 200 : 20 };
  const all = rollout({ canary: 0.05, control: 0.05 });
  const side = (arm: string) => all.filter((one) => one.arm === arm);
  const store = await storeOf([
    ...side('canary').map(tablets(90)),
    ...side('control').map(tablets(30)),
  ]);
  const { rollouts } = await fleetCanary(store, DAY, CONTEXT);
  expect(rollouts).toMatchObject([
    {
      verdict: { verdict: 'roll-back', because: ['slow-runs-on-tablet'] },
      parts: [{ dimension: 'device', value: 'tablet', name: 'slow-runs-on-tablet' }],
    },
  ]);
  await store.close();
});

test('one that is held says for how many hours more, if reports go on to come as they came', async () => {
  const equal = { canary: 0.05, control: 0.05 };
  const store = await storeOf([...rollout(equal), ...rollout(equal, { day: 1 })]);
  const wide = { 'failed-runs-bps': 1000, 'failed-devices-bps': 3000, 'missing-devices-bps': 8000 };
  const verdictOn = async (day: number, health: Record<string, number>, more = {}) => {
    const versions = FACTS.versions.map((one) => ({ ...one, health, ...more }));
    const context = { ...CONTEXT, facts: { ...FACTS, versions } };
    const query = fleetQuery(MONDAY_MS, MONDAY_MS + day * DAY_MS);
    return (await fleetCanary(store, query, context)).rollouts[0]?.verdict;
  };
  const held = await verdictOn(1, wide);
  expect(held).toMatchObject({ because: ['failed-starts', 'unsure-runs'], times: 1.1 ** 6 });
  expect(held).toHaveProperty('hours', expect.closeTo((1.1 ** 6 - 1) * 24, 6));
  expect(await verdictOn(2, wide)).toEqual({ verdict: 'promote' });
  // more than a year; never; over
  expect(await verdictOn(1, { 'failed-runs-bps': 3 })).toMatchObject({ hours: null });
  expect(await verdictOn(1, { 'failed-runs-bps': 0 })).toMatchObject({ times: null, hours: null });
  expect(await verdictOn(1, wide, { state: 'revoked' })).toMatchObject({ hours: null });
  await store.close();
});

test('the signed margin decides: a difference within it rolls nothing back', async () => {
  const store = await storeOf(rollout({ canary: 0.3, control: 0.05 }));
  const health = { 'failed-runs-bps': 2000, 'failed-devices-bps': 5000 };
  const versions = FACTS.versions.map((one) => ({ ...one, health }));
  const context = { ...CONTEXT, facts: { ...FACTS, versions } };
  const { rollouts } = await fleetCanary(store, DAY, context);
  expect(rollouts[0]?.verdict.verdict).toBe('hold');
  expect(rollouts[0]?.guardrails.find(({ name }) => name === 'failed-runs')?.margin).toBe(0.2);
  await store.close();
});

test('an arm without its control, and one of too few devices, have no verdict', async () => {
  const alone = rollout({ canary: 0.5, control: 0 }).filter(({ arm }) => arm === 'canary');
  const store = await storeOf(alone);
  expect((await fleetCanary(store, DAY, CONTEXT)).rollouts).toMatchObject([
    { verdict: { verdict: 'none', because: 'no-control' }, guardrails: [] },
  ]);
  await store.close();
  const few = await storeOf(rollout({ canary: 0.5, control: 0 }, { devices: 40 }));
  expect((await fleetCanary(few, DAY, CONTEXT)).rollouts).toMatchObject([
    { verdict: { verdict: 'none', because: 'too-few-devices' }, guardrails: [] },
  ]);
  await few.close();
});

test('what a release has signed a margin for, and never comes, keeps it from being promoted; so does a release that is not known', async () => {
  const store = await storeOf(rollout({ canary: 0.05, control: 0.05 }));
  const health = { 'outcome-bought-bps': 500 };
  const versions = FACTS.versions.map((one) => ({ ...one, health }));
  const signed = await fleetCanary(store, DAY, { ...CONTEXT, facts: { ...FACTS, versions } });
  expect(signed.rollouts[0]?.guardrails.at(-1)).toMatchObject({
    name: 'outcome-bought',
    difference: { value: null, method: 'trimmed-difference' },
    cohorts: 0,
    isJudged: true,
  });
  expect(signed.minCohorts).toBe(48);
  expect(signed.rollouts[0]?.verdict).toMatchObject({ verdict: 'hold', times: null, hours: null });
  const unknown = await fleetCanary(store, DAY, { minDevices: 50 });
  const { verdict } = unknown.rollouts[0] ?? {};
  expect(verdict?.verdict === 'hold' && verdict.because).toContain('unknown-version');
  await store.close();
});

test('numbers of devices are held against each other only of one canary of at most half of all', async () => {
  const store = await storeOf(rollout({ canary: 0.05, control: 0.05 }));
  const [canary, stable] = FACTS.versions;
  const missingOf = async (fromBps: number, toBps: number, ...others: object[]) => {
    const own = { ...canary, rollout: { salt: 's', fromBps, toBps } };
    const versions = [own, ...others, stable] as typeof FACTS.versions;
    const context = { ...CONTEXT, facts: { ...FACTS, versions } };
    const { rollouts } = await fleetCanary(store, DAY, context);
    return rollouts[0]?.guardrails.find(({ name }) => name === 'missing-devices');
  };
  const compared = { difference: { value: 0, method: 'sample-ratio' }, isJudged: true };
  expect(await missingOf(0, 5000)).toMatchObject(compared);
  const second = { ...canary, version: '1.2.0', rollout: { salt: 's', fromBps: 500, toBps: 2500 } };
  const apart = { difference: { value: null, method: 'sample-ratio' }, isJudged: true };
  expect(await missingOf(0, 5001)).toMatchObject(apart);
  expect(await missingOf(100, 5000)).toMatchObject(apart);
  expect(await missingOf(0, 500, second)).toMatchObject(apart);
  await store.close();
});

test('however bad it is, facts that do not name a version, or name another experiment of it, hold it and nothing else', async () => {
  const store = await storeOf(rollout({ canary: 0.6, control: 0.05 }, { devices: 320 }));
  const [, ...stable] = FACTS.versions;
  const rollouts = async (context: typeof CONTEXT) =>
    (await fleetCanary(store, DAY, context)).rollouts;
  const held = { share: null, mayStep: false, offeredMs: [] };
  expect(await rollouts({ ...CONTEXT, facts: { ...FACTS, versions: stable } })).toMatchObject([
    { ...held, verdict: { verdict: 'hold', because: ['unknown-version'], hours: null } },
  ]);
  const another = { rollout: { salt: 'another', fromBps: 0, toBps: 500 } };
  expect(await rollouts(withCanary(another))).toMatchObject([
    { ...held, verdict: { verdict: 'hold', because: ['old-facts'] } },
  ]);
  // a collector without the file still tells whoever reads it
  const { facts: _, ...without } = CONTEXT;
  expect((await fleetCanary(store, DAY, without)).rollouts[0]?.verdict.verdict).toBe('roll-back');
  await store.close();
});

test('four cohorts forged without limit neither blame a canary nor make its updates look undone', async () => {
  const forged = rollout(EQUAL, { devices: 64 })
    .filter(({ arm, g }) => arm === 'canary' && g < 4)
    .map((one) => ({
      ...{ ...one, ok: 0, failed: 1_000_000 },
      more: { updates: [{ version: '1.1.0', installed: 1, rolledBack: { 'page-lost': 10_000 } }] },
    }));
  const store = await storeOf([...rollout(EQUAL, { devices: 320 }), ...forged]);
  const { rollouts } = await fleetCanary(store, DAY, withCanary({}));
  expect(rollouts).toMatchObject([{ undone: { n: 0 }, mayStep: true }]);
  expect(rollouts[0]?.verdict.verdict).not.toBe('roll-back');
  await store.close();
});

test('four cohorts forged without limit grant nothing to a version that is worse, or of which too little is known', async () => {
  const signed = withCanary({ health: { ...WIDE, 'failed-runs-bps': 10 } });
  const forged = rollout(EQUAL, { devices: 64 }).filter(({ g }) => g < 4);
  for (const [what, honest, ofControl, held] of [
    [
      'worse',
      rollout({ canary: 0.5, control: 0.05 }, { devices: 320 }),
      1_000_000,
      { verdict: 'roll-back' },
    ],
    // no run of any device fails: only how many there are says how sure that is
    ['unsure', rollout({ canary: 0, control: 0 }, { devices: 64 }), 0, { verdict: 'hold' }],
  ] as const) {
    const praise = forged.map((one) => {
      const failed = one.arm === 'control' ? ofControl : 0;
      const health = {
        ok: 1_000_000 - failed,
        ...(failed > 0 && { errors: { deadline: failed } }),
      };
      return { ...one, more: { health } };
    });
    for (const reports of [honest, [...honest, ...praise]]) {
      const store = await storeOf(reports);
      const { rollouts } = await fleetCanary(store, DAY, signed);
      expect(rollouts, what).toMatchObject([
        { verdict: { ...held, because: ['failed-runs'] }, mayStep: false },
      ]);
      await store.close();
    }
  }
});

test('updates that canary devices undid by themselves are counted, and not those that lacked the network', async () => {
  const ends: NonNullable<NonNullable<DeviceReport['more']>['updates']>[number][] = [
    { version: '1.1.0', installed: 1, failed: { 'network-failed': 1 } },
    { version: '1.1.0', installed: 1, rolledBack: { 'page-lost': 1 } },
    { version: '1.1.0', installed: 1, failed: { 'model-invalid': 1 } },
    { version: '1.1.0', installed: 1, rolledBack: { 'version-slow': 1 } },
  ];
  const updates = (i: number) => ends.slice(i % 4, (i % 4) + 1);
  const store = await storeOf(
    rollout(EQUAL, { devices: 128 }).map((one, i) => ({ ...one, more: { updates: updates(i) } })),
  );
  const { rollouts } = await fleetCanary(store, DAY, CONTEXT);
  // without four cohorts, of two devices each, of whom two also had a failure
  expect(rollouts[0]?.undone).toEqual({ n: 96 - 8, of: 128 + 64 - 10 });
  await store.close();
});

test('a device that gives a version up after two deaths has undone one update, whether or not it told that it installed it', async () => {
  const ends: NonNullable<NonNullable<DeviceReport['more']>['updates']>[number][] = [
    { version: '1.1.0', installed: 1 },
    { version: '1.1.0', failed: { 'page-lost': 2 }, rolledBack: { 'page-lost': 1 } },
  ];
  const store = await storeOf(
    rollout(EQUAL, { devices: 128 }).map((one, i) => ({
      ...one,
      more: { updates: ends.slice(i % 2, (i % 2) + 1) },
    })),
  );
  const { rollouts } = await fleetCanary(store, DAY, CONTEXT);
  // without four cohorts, of two devices each
  expect(rollouts[0]?.undone).toEqual({ n: 64 - 8, of: 128 - 8 });
  await store.close();
});

test('a version that no canary device ran is not promoted, because both sides are the same', async () => {
  const unable = rollout(EQUAL, { devices: 320 }).map((one) => ({ ...one, version: '1.0.0' }));
  const store = await storeOf(unable);
  const at = fleetQuery(MONDAY_MS, MONDAY_MS + 2 * DAY_MS);
  const { rollouts } = await fleetCanary(store, at, withCanary({}));
  expect(rollouts).toMatchObject([
    { verdict: { verdict: 'hold', because: ['not-run'] }, mayStep: false },
  ]);
  await store.close();
});

test('all is well before a day is over: it is held until then, and after that promoted', async () => {
  const store = await storeOf(rollout(EQUAL, { devices: 320 }));
  const offered = { salt: 's', fromBps: 0, toBps: 500, offeredMs: [MONDAY_MS] };
  const context = { ...withCanary({ rollout: offered }), revision: 7 };
  const at = async (hours: number) =>
    fleetCanary(store, fleetQuery(MONDAY_MS, MONDAY_MS + (hours * DAY_MS) / 24), context);
  expect(await at(20)).toMatchObject({
    revision: 7,
    rollouts: [
      {
        share: 0.05,
        offeredMs: [MONDAY_MS],
        ranAs: {
          canary: [{ version: '1.1.0', runs: 3200 }],
          control: [{ version: '1.0.0', runs: 3200 }],
        },
        mayStep: false,
        verdict: { verdict: 'hold', because: ['one-day'], hours: 4 },
      },
    ],
  });
  const rollouts = [{ mayStep: true, verdict: { verdict: 'promote' } }];
  expect(await at(24)).toMatchObject({ rollouts });
  await store.close();
});

test('devices of too few cohorts hold a rollout', async () => {
  const store = await storeOf(rollout(EQUAL, { devices: 320 }).filter(({ g }) => g < 47));
  const { rollouts } = await fleetCanary(store, DAY, CONTEXT);
  expect(rollouts[0]?.verdict).toMatchObject({ verdict: 'hold', because: ['few-cohorts'] });
  await store.close();
});

test('a version whose pages end before they can report is missed from the time when it was offered', async () => {
  const alone = rollout(EQUAL, { devices: 320 }).filter(({ arm }) => arm === 'control');
  const offered = { salt: 's', fromBps: 0, toBps: 500, offeredMs: [MONDAY_MS] };
  const context = { ...CONTEXT, ...withCanary({ health: {}, rollout: offered }) };
  const store = await storeOf(alone);
  expect((await fleetCanary(store, DAY, context)).rollouts).toMatchObject([
    {
      version: '1.1.0',
      experiment: EXPERIMENT,
      devices: { canary: 0, control: 320 },
      guardrails: [{ name: 'missing-devices' }],
      verdict: { verdict: 'roll-back', because: ['missing-devices'] },
    },
  ]);
  // of 40 beside 60 that is not sure, and the 40 are too few to say more of them
  const all = rollout(EQUAL, { devices: 60 });
  const few = await storeOf(all.filter(({ arm, g }) => arm === 'control' || g < 40));
  const { rollouts } = await fleetCanary(few, DAY, context);
  expect(rollouts[0]?.verdict).toMatchObject({ verdict: 'hold', because: ['few-canary-devices'] });
  await few.close();
  await store.close();
});

test('an outcome says which side has more of it, once that is sure', async () => {
  const bought = (of: number) => ({ outcomes: { bought: [10, of, of] } }) as DeviceReport['more'];
  for (const [canary, control, better] of [
    [8, 3, 'canary'],
    [3, 8, 'control'],
    [81, 80, null],
    [80, 81, null],
  ] as const) {
    const store = await storeOf(
      rollout(EQUAL, { devices: 128 }).map((one, i) => ({
        ...one,
        more: bought((one.arm === 'canary' ? canary : control) + (i % 2)),
      })),
    );
    const { rollouts } = await fleetCanary(store, DAY, withCanary({}));
    const found = rollouts[0]?.guardrails.find(({ name }) => name === 'outcome-bought');
    expect(found, `${canary} beside ${control}`).toMatchObject({ better });
    expect(Math.sign(found?.difference.value ?? 0)).toBe(Math.sign(control - canary));
    const others = rollouts[0]?.guardrails.filter((one) => one !== found) ?? [];
    expect(others.map((one) => one.better)).toEqual(others.map(() => null));
    await store.close();
  }
});
