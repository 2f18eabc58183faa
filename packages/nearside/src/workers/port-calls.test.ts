import * as Comlink from 'comlink';
import { expect, test } from 'vitest';
import { transfer, wrap } from './port-calls.js';

interface Api {
  double(value: number): Promise<number>;
  echo(bytes: Uint8Array): Promise<Uint8Array>;
  fail(): Promise<never>;
  failOtherwise(): Promise<never>;
  leak(): Promise<unknown>;
}

const api: Api = {
  double: async (value) => 2 * value,
  echo: async (bytes) => Comlink.transfer(bytes, [bytes.buffer as ArrayBuffer]),
  fail: () => Promise.reject(new RangeError('broken')),
  failOtherwise: () => Promise.reject('no error'),
  leak: async () => () => {},
};

/** Comlink's own side at the other end. */
function connected() {
  const { port1, port2 } = new MessageChannel();
  Comlink.expose(api, port2 as unknown as Comlink.Endpoint);
  const close = () => port1.close();
  return { remote: wrap<Api>(port1), far: port2, close };
}

test('calls are answered each with its own reply, in whichever order', async () => {
  const { remote, close } = connected();
  expect(await Promise.all([1, 2, 3].map((value) => remote.double(value)))).toEqual([2, 4, 6]);
  close();
});

test('what is given away goes there and comes back; what is not is copied', async () => {
  const { remote, close } = connected();
  const kept = Uint8Array.of(1, 2, 3);
  expect(await remote.echo(kept)).toEqual(kept);
  expect(kept.byteLength).toBe(3);
  const given = Uint8Array.of(4, 5);
  expect(await remote.echo(transfer(given, [given.buffer]))).toEqual(Uint8Array.of(4, 5));
  expect(given.byteLength).toBe(0);
  close();
});

test('an argument that cannot be posted throws at once, and the next one works', async () => {
  const { remote, close } = connected();
  expect(() => remote.double((() => 1) as never)).toThrow();
  expect(await remote.double(4)).toBe(8);
  close();
});

test('what a function throws, and a reply that cannot be posted, reject the call', async () => {
  const { remote, close } = connected();
  await expect(remote.fail()).rejects.toMatchObject({ name: 'RangeError', message: 'broken' });
  await expect(remote.failOtherwise()).rejects.toBe('no error');
  await expect(remote.leak()).rejects.toThrow('Unserializable return value');
  close();
});

test('messages of other kinds are passed over, also those with the id of a call', async () => {
  const { remote, far, close } = connected();
  const answered = remote.double(1);
  far.postMessage('something else');
  far.postMessage({ nearside: 'begun', id: 1 });
  expect(await answered).toBe(2);
  close();
});
