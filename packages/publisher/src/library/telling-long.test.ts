import { createDeferred } from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import { tellingLong } from './telling-long.js';

afterEach(() => vi.useRealTimers());

test('work that takes over two seconds says once what it is, and shorter work nothing', async () => {
  vi.useFakeTimers();
  const said: string[] = [];
  const work = (ms: number) => {
    const { promise, resolve } = createDeferred();
    setTimeout(resolve, ms);
    return promise;
  };
  const short = tellingLong(
    'short',
    (sentence) => said.push(sentence),
    () => work(1900),
  );
  const long = tellingLong(
    'long',
    (sentence) => said.push(sentence),
    () => work(9000),
  );
  const failing = tellingLong(
    'failing',
    (sentence) => said.push(sentence),
    async () => {
      throw new Error('damaged');
    },
  );
  await expect(failing).rejects.toThrow('damaged');
  await vi.advanceTimersByTimeAsync(9000);
  await Promise.all([short, long]);
  expect(said).toEqual(['long']);
});
