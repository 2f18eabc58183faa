import { expect, test } from 'vitest';
import { expose, transfer, wrap } from './port-calls.js';
import type { Reply } from './protocol.js';

interface Api {
  double(value: number): Promise<Reply<number>>;
  echo(bytes: Uint8Array): Promise<Reply<Uint8Array>>;
  fail(): Promise<Reply<never>>;
  leak(): Promise<Reply<unknown>>;
}

const api: Api = {
  double: async (value) => ({ ok: true, value: 2 * value }),
  echo: async (bytes) => transfer({ ok: true, value: bytes }, [bytes.buffer as ArrayBuffer]),
  fail: () => Promise.reject(new Error('broken')),
  leak: async () => ({ ok: true, value: () => {} }),
};

function connected() {
  const { port1, port2 } = new MessageChannel();
  expose(api, port2);
  const close = () => port1.close();
  return { remote: wrap<Api>(port1), port: port1, close };
}

test('calls are answered each with its own reply, in whichever order', async () => {
  const { remote, close } = connected();
  const replies = await Promise.all([1, 2, 3].map((value) => remote.double(value)));
  expect(replies.map((reply) => reply.ok && reply.value)).toEqual([2, 4, 6]);
  close();
});

test('what is given away goes there and comes back; what is not is copied', async () => {
  const { remote, close } = connected();
  const kept = Uint8Array.of(1, 2, 3);
  expect(await remote.echo(kept)).toEqual({ ok: true, value: kept });
  expect(kept.byteLength).toBe(3);
  const given = Uint8Array.of(4, 5);
  expect(await remote.echo(transfer(given, [given.buffer]))).toMatchObject({ ok: true });
  expect(given.byteLength).toBe(0);
  close();
});

test('an argument that cannot be posted rejects the call, and the next one works', async () => {
  const { remote, close } = connected();
  await expect(remote.double((() => 1) as never)).rejects.toThrow();
  expect(await remote.double(4)).toEqual({ ok: true, value: 8 });
  close();
});

test('a function that throws, and a reply that cannot be posted, are answered as failures', async () => {
  const { remote, close } = connected();
  expect(await remote.fail()).toMatchObject({ ok: false, error: { message: 'broken' } });
  expect(await remote.leak()).toMatchObject({ ok: false, error: { code: 'backend-failed' } });
  close();
});

test('messages of other kinds, and names that nobody exposed, are passed over', async () => {
  const { remote, port, close } = connected();
  port.postMessage('something else');
  port.postMessage({ call: 1, name: 'toString', argument: undefined });
  expect(await remote.double(1)).toEqual({ ok: true, value: 2 });
  close();
});
