import { expect, test, vi } from 'vitest';
import { chooseThreads } from './cpu-features.js';

test('where one thread is all there is, the reason is said with the number that was asked for', async () => {
  const threadsReason = '1 of 3 threads: Node runs a model in one';
  expect(await chooseThreads(3)).toEqual({ threads: 1, threadsReason });
  expect(await chooseThreads(1)).toEqual({ threads: 1 });
});

test('by default no more threads are missed than there are cores', async () => {
  vi.stubGlobal('navigator', { hardwareConcurrency: 2 });
  const { threadsReason } = await chooseThreads();
  vi.stubGlobal('navigator', { hardwareConcurrency: 1 });
  const alone = await chooseThreads();
  vi.unstubAllGlobals();
  expect(threadsReason).toBe('1 of 2 threads: Node runs a model in one');
  expect(alone).toEqual({ threads: 1 });
});
