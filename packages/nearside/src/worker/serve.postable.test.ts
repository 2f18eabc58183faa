import * as Comlink from 'comlink';
import { expect, test } from 'vitest';
import { postableAnswers } from './serve.js';

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
