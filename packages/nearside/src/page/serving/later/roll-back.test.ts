import { afterEach, expect, test, vi } from 'vitest';
import { never, until, withStandIns } from '../../../testing/worker-stand-in.js';
import { rollBack } from './roll-back.js';

afterEach(() => {
  vi.useRealTimers();
});

test('a worker that hangs does not keep a version from being given up for ever: it is ended', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { context, asked, serve } = withStandIns(() => ({ reject: never }));
  const to = await serve();
  const failed = { version: '1.1.0', sequence: 2 };
  const ended = expect(
    rollBack({ ...context, failed, to, code: 'backend-failed' }),
  ).rejects.toMatchObject({ code: 'terminated' });
  await until(() => asked.includes('reject tfjs-wasm'));
  vi.advanceTimersByTime(240_000);
  await ended;
});
