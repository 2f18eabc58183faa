import { createDeferred, NearsideError } from '@nearside/core';
import { expect, test, vi } from 'vitest';
import type { BackendWorker, WorkerFailure } from '../platform/host.js';
import { createSharedWorkers, type WorkerNeeds } from './shared-workers.js';

const needs: WorkerNeeds = {
  backend: 'onnx-wasm',
  slot: 0,
  isolate: false,
  isUnsigned: false,
  isSure: false,
  runtime: undefined,
  assets: undefined,
  worker: undefined,
};

/** Workers whose life is in the test's hands. */
function fakeWorkers({ isReady = true } = {}) {
  const started: { fail(failure: WorkerFailure): void; isTerminated: boolean }[] = [];
  const workers = createSharedWorkers(async () => {
    const listeners: ((failure: WorkerFailure) => void)[] = [];
    const record = {
      isTerminated: false,
      fail(failure: WorkerFailure) {
        for (const listener of listeners) listener(failure);
      },
    };
    started.push(record);
    return {
      runtimeWasm: undefined,
      stepsFile: '',
      isReady,
      attach() {
        const { port1 } = new MessageChannel();
        return { endpoint: port1, close: () => port1.close() };
      },
      onFailure: (listener) => listeners.push(listener),
      terminate() {
        record.isTerminated = true;
      },
    } satisfies BackendWorker;
  });
  return { workers, started };
}

const stored = Promise.resolve();
const never = new Promise<never>(() => {});

test('models of one backend share a worker, and the last that leaves ends it', async () => {
  const { workers, started } = fakeWorkers();
  const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
  expect(started.length).toBe(1);
  await first.release(stored);
  expect(started[0]?.isTerminated).toBe(false);
  await second.release(stored);
  expect(started[0]?.isTerminated).toBe(true);
  expect(workers.live.length).toBe(0);
});

test('another backend, folder, file of its own, slot or number of threads is another worker; so is isolation, and what is unsigned', async () => {
  const { workers } = fakeWorkers();
  const worker = () => ({}) as Worker;
  const different: Partial<WorkerNeeds>[] = [
    {},
    { backend: 'tfjs-wasm' },
    { assets: '/nearside/' },
    { worker },
    { slot: 1 },
    { threads: 1 },
    { threads: 2 },
    { isUnsigned: true },
    { isolate: true },
    { isolate: true },
  ];
  for (const change of different) await workers.acquire({ ...needs, ...change });
  expect(workers.live.length).toBe(different.length);
  for (const change of different.slice(0, 8)) await workers.acquire({ ...needs, ...change });
  expect(workers.live.length).toBe(different.length);
});

test('a worker that dies is told to every model in it, also to one that listens later', async () => {
  const { workers, started } = fakeWorkers();
  const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
  const told: WorkerFailure[] = [];
  first.onFailure((failure) => told.push(failure));
  started[0]?.fail({ message: 'it crashed' });
  second.onFailure((failure) => told.push(failure));
  expect(told).toEqual([{ message: 'it crashed' }, { message: 'it crashed' }]);
  await workers.acquire(needs);
  expect(started.length).toBe(2);
});

test('a model that has the worker ended hears nothing; the others hear that it was not theirs', async () => {
  const { workers, started } = fakeWorkers();
  const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
  const told: unknown[] = [];
  first.onFailure(() => told.push('first'));
  second.onFailure((failure) => told.push(failure.isAnothers));
  first.terminate(new NearsideError('terminated', 'hung'));
  expect(told).toEqual([true]);
  expect(started[0]?.isTerminated).toBe(true);
});

test('what one model learned of the worker itself is true for the others too', async () => {
  const { workers } = fakeWorkers();
  const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
  const told: WorkerFailure[] = [];
  second.onFailure((failure) => told.push(failure));
  const lost = new NearsideError('device-lost', 'gone');
  first.terminate(lost);
  expect(told).toMatchObject([{ cause: lost }]);
  expect(told[0]?.isAnothers).toBeUndefined();
});

test('a model that does not let go is left alone in its worker, which is ended when it never does', async () => {
  vi.useFakeTimers();
  try {
    const { workers, started } = fakeWorkers();
    const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
    const told: unknown[] = [];
    second.onFailure((failure) => told.push(failure.isAnothers));
    const leaving = first.release(never);
    await vi.advanceTimersByTimeAsync(1_000);
    await leaving;
    expect(started[0]?.isTerminated).toBe(false);
    await workers.acquire(needs);
    expect(started.length).toBe(2); // nobody joins it any more
    await vi.advanceTimersByTimeAsync(10_000);
    expect(started[0]?.isTerminated).toBe(true);
    expect(told).toEqual([true]);
  } finally {
    vi.useRealTimers();
  }
});

test('a call of another model may keep one that leaves from answering; not for ever', async () => {
  vi.useFakeTimers();
  try {
    for (const lasts of ['100 s', 'for ever']) {
      const { workers, started } = fakeWorkers();
      const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
      second.worker.calls = 1;
      const { promise, resolve } = createDeferred<void>();
      void first.release(promise);
      await vi.advanceTimersByTimeAsync(100_000);
      expect([started[0]?.isTerminated, second.worker.models]).toEqual([false, 2]);
      if (lasts !== 'for ever') resolve();
      await vi.advanceTimersByTimeAsync(300_000);
      expect(started[0]?.isTerminated).toBe(lasts === 'for ever');
      expect(second.worker.models).toBe(lasts === 'for ever' ? 0 : 1);
    }
  } finally {
    vi.useRealTimers();
  }
});

test('a model whose own call keeps the worker busy is not waited for longer because others wait too', async () => {
  vi.useFakeTimers();
  try {
    const { workers, started } = fakeWorkers();
    const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
    second.worker.calls = 1;
    void first.release(never, true);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(started[0]?.isTerminated).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('alone, one that does not listen any more is ended all the same', async () => {
  vi.useFakeTimers();
  try {
    const { workers } = fakeWorkers();
    const leaving = (await workers.acquire(needs)).release(never);
    await vi.advanceTimersByTimeAsync(1_000);
    await leaving;
    expect(workers.live.length).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('one that leaves while the worker starts disturbs nobody, and need not be waited for', async () => {
  const { workers, started } = fakeWorkers({ isReady: false });
  const [first, second] = await Promise.all([workers.acquire(needs), workers.acquire(needs)]);
  await first.release(never);
  expect(started[0]?.isTerminated).toBe(false);
  await second.release(never);
  expect(started[0]?.isTerminated).toBe(true);
});

test('a worker that cannot be started is forgotten, and tried again', async () => {
  const failing = createDeferred<BackendWorker>();
  const workers = createSharedWorkers(() => failing.promise);
  const acquiring = [workers.acquire(needs), workers.acquire(needs)];
  failing.reject(new NearsideError('worker-blocked', 'no'));
  for (const acquired of acquiring)
    await expect(acquired).rejects.toMatchObject({ code: 'worker-blocked' });
  expect(workers.live.length).toBe(0);
});
