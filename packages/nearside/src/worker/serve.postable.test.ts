import * as Comlink from 'comlink';
import { expect, test } from 'vitest';
import { answerCalls, postableAnswers } from './serve.js';

test('an answer that cannot be posted becomes a coded failure, and the next one comes', async () => {
  const { port1, port2 } = new MessageChannel();
  const api = {
    run: async (value: unknown) => ({ ok: true, value: value === 'leak' ? api : value }),
  };
  Comlink.expose(api, postableAnswers(port2 as unknown as Comlink.Endpoint));
  const remote = Comlink.wrap<typeof api>(port1 as unknown as Comlink.Endpoint);
  expect(await remote.run('leak')).toMatchObject({
    ok: false,
    error: { code: 'backend-failed', message: expect.stringContaining('could not be cloned') },
  });
  expect(await remote.run(1)).toEqual({ ok: true, value: 1 });
  port1.close();
});

test('masks and tensors are transferred to the page, not cloned', async () => {
  const { port1, port2 } = new MessageChannel();
  const data = Uint8Array.of(0, 255);
  const mask = { width: 2, height: 1, data };
  const tensor = { datatype: 'UINT8', shape: [2], data: Uint8Array.of(1, 2) } as const;
  const replies = [mask, { tensors: { tensor } }, undefined].map((output) => {
    return { ok: true, value: { output, batch: 1, times: { pre: 0, run: 0, post: 0 } } } as const;
  });
  const run = async () => ({ ok: true, value: { kind: 'ran', replies } }) as const;
  answerCalls(port2 as never, { run } as never);
  const answered = new Promise<MessageEvent>((resolve) => {
    port1.onmessage = resolve;
  });
  port1.postMessage({ nearside: 'run', id: 1 });
  const [first] = (await answered).data.answer.value.replies;
  expect(first.value.output).toEqual({ width: 2, height: 1, data: Uint8Array.of(0, 255) });
  expect(data.byteLength).toBe(0);
  expect(tensor.data.byteLength).toBe(0);
  port1.close();
});
