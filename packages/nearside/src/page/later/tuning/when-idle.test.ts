import { expect, test } from 'vitest';
import { whenIdle } from './when-idle.js';

test('it waits while the model is busy', async () => {
  let looks = 0;
  const isBusy = () => {
    looks += 1;
    return looks < 3;
  };
  await whenIdle({ isBusy, signal: new AbortController().signal });
  expect(looks).toBe(3);
});

test('leaving ends the waiting with the reason for it', async () => {
  const controller = new AbortController();
  const waiting = whenIdle({ isBusy: () => true, signal: controller.signal });
  controller.abort('closed');
  await expect(waiting).rejects.toBe('closed');
  await expect(whenIdle({ isBusy: () => false, signal: controller.signal })).rejects.toBe('closed');
});
