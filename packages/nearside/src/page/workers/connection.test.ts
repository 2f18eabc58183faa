import { createDeferred, NearsideError } from '@nearside/core';
import * as Comlink from 'comlink';
import { expect, test, vi } from 'vitest';
import { LIBRARY_VERSION } from '../../shared/library-version.js';
import {
  type AnsweredCalls,
  READY,
  type RunRequest,
  type ServerEndpoint,
  type WorkerApi,
} from '../../shared/protocol.js';
import { answerCalls } from '../../worker/serve.js';
import type { WorkerFailure } from '../platform/host.js';
import { connect } from './connection.js';
import type { Host } from './shared-workers.js';

/** A host whose other side is in the test's hands. */
function fakeHost(api: Partial<AnsweredCalls>, { ready = true } = {}) {
  const { port1, port2 } = new MessageChannel();
  const failures: ((failure: WorkerFailure) => void)[] = [];
  const atWork: (boolean | undefined)[] = [];
  let releases = 0;
  let terminations = 0;
  answerCalls(port2 as unknown as ServerEndpoint, api as AnsweredCalls);
  if (ready) port2.postMessage(READY);
  const closePorts = () => {
    port1.close();
    port2.close();
  };
  const host: Host = {
    worker: {
      backend: 'onnx-wasm',
      models: 1,
      declaredBytes: 0,
      heapBytes: 0,
      loadedHeapBytes: 0,
      calls: 0,
      isRetired: false,
    },
    declare() {},
    api: Comlink.wrap<WorkerApi>(port1 as unknown as Comlink.Endpoint),
    endpoint: port1,
    started: { runtimeWasm: '', stepsFile: '', isReady: ready },
    onFailure: (listener) => failures.push(listener),
    async release(stored, isAtWork) {
      atWork.push(isAtWork);
      if (ready) await stored;
      releases += 1;
      closePorts();
    },
    terminate() {
      terminations += 1;
      closePorts();
    },
  };
  const fail = (message: string, more?: Partial<WorkerFailure>) => {
    for (const listener of failures) listener({ message, ...more });
    closePorts();
  };
  return { host, fail, atWork, worker: port2, ended: () => ({ releases, terminations }) };
}

const silent = { onEvent() {} };
const hanging: Partial<AnsweredCalls> = { storage: () => new Promise<never>(() => {}) };

test('a worker that dies rejects every call under way, and later ones too', async () => {
  const { host, fail } = fakeHost(hanging);
  const connection = await connect(host, silent);
  const calls = [connection.storage(), connection.storage()];
  fail('it crashed');
  for (const call of [...calls, connection.storage()]) {
    await expect(call).rejects.toMatchObject({ code: 'worker-lost', retryable: true });
  }
});

test('closing rejects what is under way at once, and gives its place up when it has stored', async () => {
  const stored = createDeferred<void>();
  const close = () => stored.promise.then(() => ({ ok: true, value: undefined }) as const);
  const { host, ended } = fakeHost({ ...hanging, close });
  const connection = await connect(host, silent);
  const call = connection.storage();
  const reason = new NearsideError('closed', 'closed');
  const closing = [connection.close(reason), connection.close(new Error('again'))];
  await expect(call).rejects.toBe(reason);
  await expect(connection.storage()).rejects.toBe(reason);
  expect(ended()).toEqual({ releases: 0, terminations: 0 });
  stored.resolve();
  await Promise.all(closing);
  expect(ended()).toEqual({ releases: 1, terminations: 0 });
});

test('killing does not wait for what the worker is doing', async () => {
  const { host, ended } = fakeHost(hanging);
  const connection = await connect(host, silent);
  const call = connection.storage();
  const reason = new NearsideError('terminated', 'terminated');
  connection.kill(reason);
  expect(ended().terminations).toBe(1);
  await expect(call).rejects.toBe(reason);
});

test('what is on its way when the connection ends is not heard any more', async () => {
  const never = () => new Promise<never>(() => {});
  const { host, worker } = fakeHost({ ...hanging, close: never });
  const heard = vi.fn();
  const connection = await connect(host, { onEvent: heard });
  worker.postMessage({ nearside: 'fetched' });
  await expect.poll(() => heard.mock.calls.length).toBe(1);
  void connection.close(new NearsideError('closed', 'closed'));
  worker.postMessage({ nearside: 'fetched' });
  await new Promise((resolve) => setTimeout(resolve));
  expect(heard).toHaveBeenCalledTimes(1);
  connection.kill(undefined);
});

test('what another model has done to the worker is told as such', async () => {
  const { host, fail } = fakeHost(hanging);
  const connection = await connect(host, silent);
  const call = connection.storage();
  fail('ended', { isAnothers: true });
  await expect(call).rejects.toMatchObject({ code: 'worker-lost', details: { isAnothers: true } });
});

test('a batch is told when it is its turn: at once, or by a worker that has something to do', async () => {
  const answered = createDeferred<void>();
  const asked: boolean[] = [];
  const run = async ({ tellsBegun }: RunRequest) => {
    asked.push(tellsBegun === true);
    await answered.promise;
    return { ok: true, value: { kind: 'done', replies: [] } } as const;
  };
  const { host, worker } = fakeHost({ run });
  const connection = await connect(host, silent);
  let begun = 0;
  const count = {
    transfer: [],
    onBegun: () => {
      begun += 1;
    },
  };
  const first = connection.run({ id: 6, inputs: [] }, count);
  expect(begun).toBe(1);
  const told = createDeferred<void>();
  const second = connection.run({ id: 7, inputs: [] }, { transfer: [], onBegun: told.resolve });
  worker.postMessage({ nearside: 'begun', id: 7 });
  await told.promise;
  answered.resolve();
  await Promise.all([first, second]);
  expect(asked).toEqual([false, true]);
  connection.kill(undefined);
});

test('a batch is one plain message each way', async () => {
  const run = async () => ({ ok: true, value: { kind: 'done', replies: [] } }) as const;
  const { host, worker } = fakeHost({ run });
  const crossed: unknown[] = [];
  const note = ({ data }: MessageEvent) => data !== READY && crossed.push(data);
  host.endpoint.addEventListener('message', note);
  const connection = await connect(host, silent);
  const heard = vi.spyOn(worker, 'postMessage');
  const posted = vi.spyOn(host.endpoint, 'postMessage');
  await connection.run({ id: 6, inputs: [] }, { transfer: [], onBegun() {} });
  expect(posted.mock.calls).toEqual([
    [{ nearside: 'run', id: 6, inputs: [], tellsBegun: false }, []],
  ]);
  expect(heard).toHaveBeenCalledTimes(1);
  expect(crossed).toEqual([
    { nearside: 'ran', id: 6, answer: { ok: true, value: { kind: 'done', replies: [] } } },
  ]);
  connection.kill(undefined);
});

test('closing says whether a call of its own has the worker, or waits for another model’s', async () => {
  const seen: unknown[] = [];
  for (const othersCalls of [0, 1]) {
    const close = async () => ({ ok: true, value: undefined }) as const;
    const { host, atWork } = fakeHost({ run: () => new Promise<never>(() => {}), close });
    const connection = await connect(host, silent);
    host.worker.calls = othersCalls;
    const run = connection.run({ id: 1, inputs: [] }, { transfer: [], onBegun() {} });
    const closing = connection.close(new Error('closed'));
    await expect(run).rejects.toThrow('closed');
    await closing;
    seen.push(...atWork);
  }
  expect(seen).toEqual([true, false]);
});

test('an input that cannot be posted is input-invalid; an answer that cannot is not blamed on it', async () => {
  const run = async () => (() => {}) as never;
  const { host } = fakeHost({ run });
  const connection = await connect(host, silent);
  const options = { transfer: [], onBegun() {} };
  const uncloneable = { kind: 'other', value: () => {}, owned: [] } as const;
  const inputs = [{ input: uncloneable, topK: undefined }];
  await expect(connection.run({ id: 1, inputs }, options)).rejects.toMatchObject({
    code: 'input-invalid',
  });
  await expect(connection.run({ id: 2, inputs: [] }, options)).rejects.toMatchObject({
    code: 'backend-failed',
  });
  expect(host.worker.calls).toBe(0);
  connection.kill(undefined);
});

test('a worker that cannot start is worker-blocked', async () => {
  const { host, fail } = fakeHost({}, { ready: false });
  const connecting = connect(host, silent);
  fail('404');
  await expect(connecting).rejects.toMatchObject({ code: 'worker-blocked' });
});

test('a worker of another version of the library is not let in', async () => {
  const { host, worker, ended } = fakeHost({}, { ready: false });
  const connecting = connect(host, silent);
  worker.postMessage(READY.replace(LIBRARY_VERSION, '0.0.9'));
  await expect(connecting).rejects.toMatchObject({
    code: 'worker-blocked',
    details: { ready: 'nearside-ready 0.0.9' },
  });
  expect(ended().terminations).toBe(1);
});

test('an abort while the worker starts lets the caller go at once', async () => {
  const { host, ended } = fakeHost({}, { ready: false });
  const controller = new AbortController();
  const connecting = connect(host, { ...silent, signal: controller.signal });
  controller.abort(new Error('changed my mind'));
  await expect(connecting).rejects.toThrow('changed my mind');
  expect(ended()).toEqual({ releases: 1, terminations: 0 });
});

test('an error keeps its code, details and causes across the boundary', async () => {
  const { host } = fakeHost({
    storage: async () => ({
      ok: false,
      error: {
        code: 'digest-mismatch',
        message: 'changed',
        details: { what: 'a chunk' },
        retryable: true,
        causes: ['no network'],
      },
    }),
  });
  const connection = await connect(host, silent);
  const error = await connection.storage().catch((error) => error);
  expect(error).toMatchObject({
    code: 'digest-mismatch',
    details: { what: 'a chunk' },
    retryable: true,
  });
  expect(error.cause.message).toBe('no network');
  connection.kill(error);
});

test('a failure outside any call ends the connection', async () => {
  const { host, worker } = fakeHost(hanging);
  const connection = await connect(host, silent);
  const call = connection.storage();
  const error = { code: 'worker-lost', message: 'lost', details: {}, retryable: false, causes: [] };
  worker.postMessage({ nearside: 'failed', error });
  await expect(call).rejects.toMatchObject({ code: 'worker-lost' });
});
