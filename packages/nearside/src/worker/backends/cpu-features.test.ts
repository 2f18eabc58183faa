import { expect, test } from 'vitest';
import { chooseThreads } from './cpu-features.js';

test('where one thread is all there is, the reason is said with the number that was asked for', async () => {
  const threadsReason = '1 of 3 threads: Node runs a model in one';
  expect(await chooseThreads(3)).toEqual({ threads: 1, threadsReason });
  expect(await chooseThreads(1)).toEqual({ threads: 1 });
});
