import { afterEach, expect, test } from 'vitest';
import { type Answers, answersOver } from '../answers/answers.js';
import { parseTargets } from '../files/targets.js';
import type { FindingEntry, RollupStore } from '../store/rollup-store.js';
import {
  type DeviceReport,
  EXPERIMENT,
  FACTS,
  factsOf,
  fleetQuery,
  HOUR_MS,
  MONDAY_MS,
  storeOf,
} from '../testing/fleet-store.js';
import { createLooking, type LookingOptions } from './looking.js';

const NOW_MS = MONDAY_MS + HOUR_MS;
const LOOK_MS = 300_000;

let store: RollupStore;
afterEach(() => store.close());

/** Both sides of a rollout. On the canary's a fifth of the runs fails. */
function badCanary(devices = 640): DeviceReport[] {
  return (['canary', 'control'] as const).flatMap((arm) =>
    Array.from({ length: devices }, (_, i): DeviceReport => {
      const failed = arm === 'canary' && i % 2 === 0 ? 4 : 0;
      const first: DeviceReport['first'] = ['version-day', 'version-hour', 'arm-day'];
      return {
        ...{ atMs: MONDAY_MS, g: i % 64, arm, version: arm === 'canary' ? '1.1.0' : '1.0.0' },
        ...{ ok: 10 - failed, failed },
        first: failed > 0 ? [...first, 'arm-day-failed'] : first,
      };
    }),
  );
}

/** All devices have the only version, and a tenth of their runs fails. */
function failing(devices = 64): DeviceReport[] {
  return Array.from({ length: devices }, (_, i) => ({
    atMs: MONDAY_MS,
    g: i % 64,
    ok: 9,
    failed: 1,
  }));
}

/** Looks every five minutes. */
function lookingAt(options: Partial<LookingOptions> = {}) {
  const errors: Error[] = [];
  let nowMs = NOW_MS;
  const looking = createLooking({
    store,
    answers: answersOver(store),
    context: () => ({ minDevices: 50, targets: parseTargets({}) }),
    facts: () => ({ format: 1, revision: 7, models: [FACTS] }),
    everyMs: LOOK_MS,
    now: () => nowMs,
    onError: (error) => errors.push(error as Error),
    ...options,
  });
  return {
    errors,
    close: looking.close,
    async look(times: number) {
      for (let i = 0; i < times; i += 1) {
        await looking.look();
        nowMs += LOOK_MS;
      }
    },
    wait(ms: number) {
      nowMs += ms;
    },
  };
}

async function written(): Promise<FindingEntry[]> {
  return store.findings(fleetQuery(0, MONDAY_MS + 1000 * HOUR_MS));
}

async function states(): Promise<string[]> {
  return (await written()).map(({ kind, version, state }) => `${version} ${kind}: ${state}`);
}

test('a version that misses its target is written down by the second look, with what the page says of it', async () => {
  store = await storeOf(failing());
  const { look, errors } = lookingAt();
  await look(1);
  expect(await written()).toEqual([]);
  expect((await store.lastFindings()).lookedMs).toBe(NOW_MS);
  await look(5);
  expect(errors).toEqual([]);
  expect(await written()).toMatchObject([
    {
      atMs: NOW_MS + LOOK_MS,
      version: '1.0.0',
      kind: 'success',
      state: 'began',
      revision: 7,
      figures: {
        id: 'success',
        success: { value: 0.9, devices: 64 },
        target: 0.999,
        sinceMs: MONDAY_MS,
      },
    },
  ]);
});

test('it ends when two looks no longer see it, and after a restart nothing is written twice', async () => {
  store = await storeOf(failing());
  await lookingAt().look(2);
  const restarted = lookingAt();
  await restarted.look(3);
  expect(await states()).toEqual(['1.0.0 success: began']);
  restarted.wait(3 * HOUR_MS);
  await restarted.look(2);
  expect(await states()).toEqual(['1.0.0 success: began', '1.0.0 success: ended']);
});

test('a verdict is written down with its measures and devices, and a rollout that is worse is a finding', async () => {
  store = await storeOf(badCanary());
  await lookingAt().look(3);
  expect(await states()).toEqual(['1.1.0 rollout: began', '1.1.0 verdict: roll-back']);
  const [finding, verdict] = await written();
  expect(finding).toMatchObject({
    subject: EXPERIMENT,
    figures: { beganMs: MONDAY_MS, devices: 640 },
  });
  expect(verdict).toMatchObject({
    subject: EXPERIMENT,
    figures: {
      devices: { canary: 640, control: 640 },
      verdict: { because: ['failed-runs', 'failed-devices'] },
      guardrails: expect.arrayContaining([
        expect.objectContaining({ name: 'failed-runs', margin: 0.005 }),
      ]),
    },
  });
});

test('when a rollout is over its finding has ended and its verdict is over, and its runs still count', async () => {
  store = await storeOf(badCanary());
  const { look, wait } = lookingAt();
  await look(2);
  const rollout = { fromBps: 0, toBps: 500 };
  const revoked = { model: 'digits', version: '1.1.0', state: 'revoked', rollout } as const;
  await store.keepFacts(factsOf([revoked]), NOW_MS);
  wait(HOUR_MS);
  await look(2);
  expect((await states()).slice(2)).toEqual([
    '1.1.0 rollout: ended',
    '1.1.0 verdict: over',
    '1.1.0 success: began',
  ]);
});

test('where a question fails nothing of it ends or begins, the rest is looked at, and one line says so', async () => {
  store = await storeOf([...failing(), ...badCanary()]);
  const all = answersOver(store);
  let broken: string[] = [];
  const fleet: Answers['fleet'] = async (question, ...asked) => {
    if (broken.includes(question)) throw new Error(`no ${question}`);
    return all.fleet(question, ...asked);
  };
  const { look, errors, wait } = lookingAt({ answers: { ...all, fleet } });
  broken = ['canary'];
  await look(3);
  expect(await states()).toEqual([]);
  expect(errors).toHaveLength(3);
  expect(errors[0]?.message).toMatch(/^A look for findings had 1 question.*no canary/);
  broken = [];
  await look(2);
  expect(await states()).toEqual(
    expect.arrayContaining(['1.0.0 success: began', '1.1.0 rollout: began']),
  );
  broken = ['canary', 'service'];
  wait(400 * HOUR_MS);
  await look(3);
  expect(await states()).toHaveLength(3);
  broken = [];
  await look(2);
  expect((await states()).slice(3).sort()).toEqual([
    '1.0.0 success: ended',
    '1.1.0 rollout: ended',
    '1.1.0 verdict: over',
  ]);
});

test('what a model had ends when no device reports the model any more', async () => {
  store = await storeOf(failing());
  const answers = answersOver(store);
  await lookingAt().look(2);
  await lookingAt({ answers: { ...answers, models: async () => [] } }).look(2);
  expect(await states()).toEqual(['1.0.0 success: began', '1.0.0 success: ended']);
});

test('a group that other machines do not see is not judged', async () => {
  store = await storeOf([...failing(9), ...badCanary(40)]);
  await lookingAt().look(3);
  expect(await states()).toEqual(['1.1.0 verdict: none']);
  expect((await written())[0]?.figures).toMatchObject({ guardrails: [], parts: [] });
});

test('four of 64 groups of devices can make no finding that anybody is told of', async () => {
  const few = failing().map((report) =>
    report.g < 4 ? { ...report, ok: 0, failed: 10 } : { ...report, failed: 0 },
  );
  store = await storeOf([...few, ...few]);
  await lookingAt().look(3);
  expect(await states()).toEqual([]);
});

test('of several collectors only the one that may looks', async () => {
  store = await storeOf(failing());
  await lookingAt({ store: { ...store, isKeeper: async () => false } }).look(3);
  expect(await store.lastFindings()).toEqual({ lookedMs: null, entries: [] });
});

test('the first look says so, and so does one before which others were left out', async () => {
  store = await storeOf([]);
  const { look, wait } = lookingAt();
  await look(3);
  wait(2 * LOOK_MS);
  await look(1);
  wait(2 * LOOK_MS + 1);
  await look(2);
  const looks = await store.findings({ ...fleetQuery(0, NOW_MS + HOUR_MS), model: '' });
  expect(looks).toMatchObject([
    { kind: 'look', state: 'resumed', atMs: NOW_MS, figures: { sinceMs: null } },
    { atMs: NOW_MS + 8 * LOOK_MS + 1, figures: { sinceMs: NOW_MS + 5 * LOOK_MS } },
  ]);
});

test('where reports cannot be made readable there is no look, so that they are not missed as silent devices are', async () => {
  store = await storeOf(failing());
  let isStuck = true;
  const settle = async () => (isStuck ? Promise.reject(new Error('stuck')) : store.settle());
  const { look, errors } = lookingAt({ store: { ...store, settle } });
  await look(2);
  expect((await store.lastFindings()).lookedMs).toBe(null);
  expect(errors.map(({ message }) => message)).toEqual(['stuck', 'stuck']);
  isStuck = false;
  await look(2);
  expect(await states()).toEqual(['1.0.0 success: began']);
});

test('a look that is closed writes nothing, and a store that fails is told of', async () => {
  store = await storeOf(failing());
  const { look, close, errors } = lookingAt();
  const looked = look(1);
  await close();
  await looked;
  expect((await store.lastFindings()).lookedMs).toBe(null);
  const addLook = async () => Promise.reject(new Error('full disk'));
  const failed = lookingAt({ store: { ...store, addLook } });
  await failed.look(1);
  expect([errors, failed.errors.map(({ message }) => message)]).toEqual([[], ['full disk']]);
});
