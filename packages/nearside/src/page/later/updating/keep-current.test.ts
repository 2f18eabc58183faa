import { createDeferred, NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { createModelEmitter } from '../../../shared/api/events.js';
import { type KeepCurrentOptions, keepCurrent } from './keep-current.js';

type Look = { next?: object; isRevoked: boolean };

/** A version that serves, in a worker that finds this when it looks at the repository. */
function serve({
  policy,
  check,
  acquire,
  woken = async () => {},
}: {
  policy: object;
  check: (request: { maxAgeMs: number }) => Promise<Look>;
  acquire?: () => Promise<never>;
  woken?: KeepCurrentOptions['woken'];
}) {
  const release = { model: 'digits', version: '1.0.0', sequence: 1 };
  const variant = { name: 'int8', runtime: 'onnx' };
  const connection = { check, kill() {}, async close() {} };
  const version = { release, spec: { variants: [variant] } };
  const serving = { connection, version, variant, backend: 'onnx-wasm', quarantined: [] };
  const handover = {
    current: serving,
    isResting: false,
    awake: async () => handover.current,
  };
  const plan = { backends: ['onnx-wasm'], contenders: [], policy, tune: { when: 'off' } };
  const engine = { workers: { acquire } };
  const emitter = createModelEmitter();
  const choice = { caution: undefined };
  const options = {
    handover,
    woken,
    plan,
    engine,
    emitter,
    choice,
    mark() {},
  } as unknown as KeepCurrentOptions;
  return { keeper: keepCurrent(options), handover };
}

test('whoever asks while a look by itself is under way has another one, which puts nothing off', async () => {
  const looks: number[] = [];
  const [begun, answer] = [createDeferred<void>(), createDeferred<Look>()];
  const { keeper } = serve({
    policy: { update: 'auto' },
    async check({ maxAgeMs }) {
      looks.push(maxAgeMs);
      begun.resolve();
      return answer.promise;
    },
  });
  await begun.promise;
  const asked = Promise.all([keeper.update(), keeper.update()]);
  answer.resolve({ isRevoked: false });
  expect(await asked).toEqual([undefined, undefined]);
  expect(looks).toEqual([60_000, 0]);
  keeper.close(undefined);
});

test('a model that wakes because its page is shown again is kept current, as soon as it serves', async () => {
  const [served, looked] = [createDeferred<void>(), createDeferred<void>()];
  const { keeper, handover } = serve({
    policy: { update: 'auto' },
    async check() {
      looked.resolve();
      return { isRevoked: false };
    },
    woken: () => served.promise,
  });
  handover.isResting = true;
  setTimeout(() => {
    handover.isResting = false;
    served.resolve();
  }, 10);
  await looked.promise;
  expect(handover.isResting).toBe(false);
  keeper.close(undefined);
});

test('a revoked version does not serve on for having been given another worker meanwhile', async () => {
  const unreachable = new NearsideError('network-failed', 'expected the next version, got none');
  const { keeper, handover } = serve({
    policy: { update: 'manual' },
    check: async () => ({ next: { version: '1.0.1', sequence: 2 }, isRevoked: true }),
    async acquire() {
      handover.current = { ...handover.current };
      throw unreachable;
    },
  });
  await expect(keeper.update()).rejects.toBe(unreachable);
  expect(keeper.revoked).toMatchObject({ code: 'version-revoked' });
  keeper.close(undefined);
});

test('what was seen to be revoked stays refused, whatever a later look says, and when it serves again', async () => {
  const looks = [true, false];
  const { keeper, handover } = serve({
    policy: { update: 'manual' },
    check: async () => ({ isRevoked: looks.shift() ?? false }),
  });
  await keeper.update();
  await keeper.update();
  expect(keeper.revoked).toMatchObject({ code: 'version-revoked' });
  const before = handover.current;
  const release = { model: 'digits', version: '1.1.0', sequence: 2 };
  handover.current = { ...before, version: { ...before.version, release } };
  expect(keeper.revoked).toBeUndefined();
  handover.current = before; // the next one has failed soon
  expect(keeper.revoked).toMatchObject({ code: 'version-revoked' });
  keeper.close(undefined);
});
