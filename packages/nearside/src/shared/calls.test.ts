import { afterEach, expect, test } from 'vitest';
import { answerCalls, callsAt } from './calls.js';
import type { WorkerApi } from './protocol.js';

let page: MessagePort;

afterEach(() => page.close());

function connected(api: object, givenBy?: Parameters<typeof answerCalls>[2]) {
  const { port1, port2 } = new MessageChannel();
  page = port1;
  answerCalls(port2 as never, api as Partial<WorkerApi>, givenBy);
  const call = callsAt(port1);
  port1.start();
  return call;
}

test('an answer that cannot be posted becomes a coded failure, and the next one comes', async () => {
  const call = connected({
    graphs: async (value: unknown) => ({ ok: true, value: value === 'leak' ? () => {} : value }),
  });
  expect(await call('graphs', 'leak' as never)).toMatchObject({
    ok: false,
    error: { code: 'backend-failed', message: expect.stringContaining('could not be cloned') },
  });
  expect(await call('graphs', 1 as never)).toEqual({ ok: true, value: 1 });
});

test('each call gets its own answer, in whichever order they come', async () => {
  const waiting: (() => void)[] = [];
  const call = connected({
    recall: async (id: number) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { ok: true, value: id };
    },
  });
  const answers = [call('recall', 1), call('recall', 2), call('recall', 3)];
  while (waiting.length < 3) await new Promise((resolve) => setImmediate(resolve));
  for (const answer of waiting.reverse()) answer();
  expect(await Promise.all(answers)).toEqual([1, 2, 3].map((value) => ({ ok: true, value })));
});

test('what a request or an answer gives away is moved', async () => {
  const made = new Float32Array(4).fill(1);
  const call = connected(
    { graphs: async (request: unknown) => ({ ok: true, value: [request, made] }) },
    () => [made.buffer],
  );
  const given = new Float32Array(2).fill(2);
  const answer = await call('graphs', given as never, [given.buffer]);
  expect(answer).toEqual({ ok: true, value: [Float32Array.of(2, 2), Float32Array.of(1, 1, 1, 1)] });
  expect([given.length, made.length]).toEqual([0, 0]);
});

test('a request that cannot be posted rejects, and a call that the worker lacks fails', async () => {
  const call = connected({});
  await expect(call('graphs', (() => {}) as never)).rejects.toThrow('could not be cloned');
  expect(await call('graphs', undefined)).toMatchObject({ ok: false });
});
