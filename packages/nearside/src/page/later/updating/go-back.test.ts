import { type ErrorCode, NearsideError } from '@nearside/core';
import { expect, test, vi } from 'vitest';
import type { ModelEvents } from '../../../shared/api/events.js';
import type { OpenedVersion, OpenRequest } from '../../../shared/protocol.js';
import { LOADED, VERSION, withStandIns } from '../../../testing/worker-stand-in.js';
import { Handover } from '../../serving/handover.js';
import { keepCurrent } from './keep-current.js';

const spec = { ...VERSION.spec, inputs: [], outputs: [], preprocessing: [], postprocessing: [] };
const BEFORE = { ...VERSION, spec } as OpenedVersion;
const NEW = {
  ...BEFORE,
  release: { model: 'digits', version: '1.1.0', sequence: 2 },
} as OpenedVersion;

/** A new version serves; this is found where the one before it is asked for. */
async function serveNew(before: OpenedVersion | undefined) {
  const rejected: unknown[] = [];
  const { context, asked, serve } = withStandIns(
    () => ({
      open: async ({ which }: OpenRequest) => (which.kind === 'previous' ? before : NEW),
      reject: async (what) => void rejected.push(what),
    }),
    { plan: { policy: { update: 'manual', warmUpMs: 60_000, watchdogMs: 120_000 } } },
  );
  const told: ModelEvents['version-rolled-back'][] = [];
  context.emitter.on('version-rolled-back', (event) => told.push(event));
  const handover = new Handover(await serve(), { revive: async (lost) => lost, onHanded() {} });
  const keeper = keepCurrent({ ...context, handover, woken: async () => {} });
  const serves = () => handover.current.version.release.version;
  const openings = () => asked.filter((call) => call.startsWith('open ')).length;
  return { keeper, handover, rejected, told, serves, openings };
}

test('a version that has turned out worse is given up, and the one before it serves for good', async () => {
  const { keeper, handover, rejected, told, serves } = await serveNew(BEFORE);
  keeper.goBack(2, 'out-of-memory');
  await vi.waitFor(() => expect(keeper.isLooking).toBe(false));
  expect(serves()).toBe('1.0.0');
  expect(rejected).toEqual([{ sequence: 2, failure: 'out-of-memory' }]);
  expect(told).toEqual([{ from: '1.1.0', to: '1.0.0', code: 'out-of-memory' }]);
  const failing = async () => {
    throw new NearsideError('backend-failed', 'it fails too');
  };
  await expect(handover.run(failing)).rejects.toThrow('it fails too');
  expect(serves()).toBe('1.0.0');
  keeper.close(undefined);
});

test('where the version before was revoked too the new one serves on, and that is looked at once in a visit', async () => {
  const { keeper, rejected, told, serves, openings } = await serveNew(undefined);
  for (const _ of [1, 2]) {
    keeper.goBack(2, 'version-slow');
    await vi.waitFor(() => expect(keeper.isLooking).toBe(false));
  }
  expect([serves(), rejected, told]).toEqual(['1.1.0', [], []]);
  expect(openings()).toBe(2); // the new one, and the one before, in vain
  keeper.close(undefined);
});

test('a verdict on a version that serves no more changes nothing', async () => {
  const { keeper, serves, openings } = await serveNew(BEFORE);
  keeper.goBack(1, 'version-slow');
  await vi.waitFor(() => expect(keeper.isLooking).toBe(false));
  expect([serves(), openings()]).toEqual(['1.1.0', 1]);
  keeper.close(undefined);
});

test('a candidate that fails both its tries is told as failed once, given up, and never as rolled back, for it never served', async () => {
  const { keeper, emitter, rejected } = await tryCandidate('backend-failed');
  const told: [string, string][] = [];
  emitter.on('version-failed', ({ version, code }) => told.push([version, code]));
  emitter.on('version-rolled-back', ({ from }) => told.push([from, 'rolled back']));
  await expect(keeper.update().catch(({ code }) => code)).resolves.toBe('no-backend');
  expect([told, rejected]).toEqual([[['1.1.0', 'no-backend']], []]);
  await expect(keeper.update().catch(({ code }) => code)).resolves.toBe('no-backend');
  expect(told).toEqual([['1.1.0', 'no-backend']]);
  expect(rejected).toEqual([{ sequence: 2, failure: 'no-backend' }]);
  keeper.close(undefined);
});

test('a candidate whose files no try would mend is told as failed, and given up at once', async () => {
  const { keeper, emitter, rejected } = await tryCandidate('model-invalid');
  const told: string[] = [];
  emitter.on('version-failed', ({ code }) => told.push(code));
  emitter.on('version-rolled-back', () => told.push('rolled back'));
  await expect(keeper.update().catch(({ code }) => code)).resolves.toBe('model-invalid');
  expect(told).toEqual(['model-invalid']);
  expect(rejected).toEqual([{ sequence: 2, failure: 'model-invalid' }]);
  keeper.close(undefined);
});

/** A version serves, and the one on offer fails in the same way each time it is loaded. */
async function tryCandidate(code: ErrorCode) {
  const rejected: unknown[] = [];
  let [isServing, triesLeft] = [false, 2];
  const { context, serve } = withStandIns(
    () => ({
      open: async ({ which }: OpenRequest) => (which.kind === 'candidate' ? NEW : BEFORE),
      check: async () => ({ next: NEW.release, isRevoked: false, shadow: undefined }),
      spendTry: async () => {
        triesLeft -= 1;
        return triesLeft;
      },
      async load() {
        if (isServing) throw new NearsideError(code, 'it does not load');
        isServing = true;
        return LOADED;
      },
      reject: async (what) => void rejected.push(what),
    }),
    { plan: { policy: { update: 'manual', warmUpMs: 60_000, watchdogMs: 120_000 } } },
  );
  const handover = new Handover(await serve(), { revive: async (lost) => lost, onHanded() {} });
  const keeper = keepCurrent({ ...context, handover, woken: async () => {} });
  return { keeper, emitter: context.emitter, rejected };
}
