import { expect, onTestFinished, test, vi } from 'vitest';
import { isBatteryLow, whenIdle } from './idle-device.js';

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

test('a battery is low below a fifth, unless it is being charged or nobody tells', async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  const battery = (charging: boolean, level: number) =>
    vi.stubGlobal('navigator', { getBattery: async () => ({ charging, level }) });
  battery(false, 0.1);
  expect(await isBatteryLow()).toBe(true);
  battery(true, 0.1);
  expect(await isBatteryLow()).toBe(false);
  battery(false, 0.5);
  expect(await isBatteryLow()).toBe(false);
  vi.stubGlobal('navigator', {});
  expect(await isBatteryLow()).toBe(false);
});
