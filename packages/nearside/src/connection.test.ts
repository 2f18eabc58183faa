import { createDeferred, NearsideError } from '@nearside/core';
import * as Comlink from 'comlink';
import { expect, test } from 'vitest';
import { connect } from './connection.js';
import type { Host, HostFailure } from './platform/host.js';
import { READY, type WorkerApi } from './protocol.js';

/** A host whose other side is in the test's hands. */
function fakeHost(api: Partial<WorkerApi>, { ready = true } = {}) {
  const { port1, port2 } = new MessageChannel();
  const failures: ((failure: HostFailure) => void)[] = [];
  let terminated = 0;
  Comlink.expose(api, port2 as unknown as Comlink.Endpoint);
  if (ready) port2.postMessage(READY);
  const host: Host = {
    endpoint: port1 as unknown as Comlink.Endpoint,
    runtimeWasm: '',
    onFailure: (listener) => failures.push(listener),
    terminate() {
      terminated += 1;
      port1.close();
      port2.close();
    },
  };
  const fail = (message: string) => {
    for (const listener of failures) listener({ message });
  };
  return { host, fail, worker: port2, terminations: () => terminated };
}

const silent = { onEvent() {} };
const hanging: Partial<WorkerApi> = { storage: () => new Promise<never>(() => {}) };

test('a worker that dies rejects every call under way, and later ones too', async () => {
  const { host, fail } = fakeHost(hanging);
  const connection = await connect(host, silent);
  const calls = [connection.storage(), connection.storage()];
  fail('it crashed');
  for (const call of [...calls, connection.storage()]) {
    await expect(call).rejects.toMatchObject({ code: 'worker-lost', retryable: true });
  }
});

test('closing rejects what is under way at once, and ends the worker when it has stored', async () => {
  const stored = createDeferred<void>();
  const close = () => stored.promise.then(() => ({ ok: true, value: undefined }) as const);
  const { host, terminations } = fakeHost({ ...hanging, close });
  const connection = await connect(host, silent);
  const call = connection.storage();
  const reason = new NearsideError('closed', 'closed');
  const closing = [connection.close(reason), connection.close(new Error('again'))];
  await expect(call).rejects.toBe(reason);
  await expect(connection.storage()).rejects.toBe(reason);
  expect(terminations()).toBe(0);
  stored.resolve();
  await Promise.all(closing);
  expect(terminations()).toBe(1);
});

test('a worker that does not listen any more is ended all the same', async () => {
  const close = () => new Promise<never>(() => {});
  const { host, terminations } = fakeHost({ close });
  const connection = await connect(host, silent);
  await connection.close(new Error('closed'));
  expect(terminations()).toBe(1);
});

test('killing does not wait for what the worker is doing', async () => {
  const { host, terminations } = fakeHost(hanging);
  const connection = await connect(host, silent);
  const call = connection.storage();
  const reason = new NearsideError('terminated', 'terminated');
  connection.kill(reason);
  expect(terminations()).toBe(1);
  await expect(call).rejects.toBe(reason);
});

test('a worker that cannot start is worker-blocked, and ended', async () => {
  const { host, fail, terminations } = fakeHost({}, { ready: false });
  const connecting = connect(host, silent);
  fail('404');
  await expect(connecting).rejects.toMatchObject({ code: 'worker-blocked' });
  expect(terminations()).toBe(1);
});

test('an abort while the worker starts lets the caller go at once', async () => {
  const { host, terminations } = fakeHost({}, { ready: false });
  const controller = new AbortController();
  const connecting = connect(host, { ...silent, signal: controller.signal });
  controller.abort(new Error('changed my mind'));
  await expect(connecting).rejects.toThrow('changed my mind');
  expect(terminations()).toBe(1);
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
  await connection.close(error);
});

test('a failure outside any call ends the connection', async () => {
  const { host, worker } = fakeHost(hanging);
  const connection = await connect(host, silent);
  const call = connection.storage();
  const error = { code: 'worker-lost', message: 'lost', details: {}, retryable: false, causes: [] };
  worker.postMessage({ nearside: 'failed', error });
  await expect(call).rejects.toMatchObject({ code: 'worker-lost' });
});
