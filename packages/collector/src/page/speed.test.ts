import { expect, test } from 'vitest';
import { speedWords } from '../../dashboard/words/speed.js';
import type { DeviceSpeed, FleetSpeed, VersionSpeed } from '../fleet/speed.js';

function onDevice(device: string, valueMs: number, more: Partial<DeviceSpeed> = {}): DeviceSpeed {
  const p50Ms = { value: valueMs, low: valueMs - 1, high: valueMs + 1, n: 1000, devices: 100 };
  const figure = { ...p50Ms, method: 'device-quantile' as const, estimated: false };
  return { device, p50Ms: figure, p95Ms: figure, isSlower: false, ...more };
}

function speedOf(...versions: VersionSpeed[]): FleetSpeed {
  return { model: 'digits', fromMs: 0, toMs: 1, minDevices: 1, versions };
}

const FIRST: VersionSpeed = {
  version: '1.0.0',
  against: null,
  devices: [onDevice('phone', 40), onDevice('tablet', 30)],
};

test('the page names the release that is slower, and the devices; without one it says so, or why it cannot', () => {
  const slower = [onDevice('phone', 64, { isSlower: true }), onDevice('tablet', 30)];
  const second = { version: '1.1.0', against: '1.0.0', devices: slower };
  expect(speedWords(speedOf(second, FIRST))).toBe(
    '1.1.0 is slower than 1.0.0 on phone (half of the runs within 64.0 ms instead of 40.0 ms).',
  );
  const tail = { ...onDevice('phone', 40), p95Ms: onDevice('phone', 90).p95Ms, isSlower: true };
  expect(speedWords(speedOf({ ...second, devices: [tail] }, FIRST))).toBe(
    '1.1.0 is slower than 1.0.0 on phone (95 of 100 runs within 90.0 ms instead of 40.0 ms).',
  );
  const many = ['1.9.0', '1.8.0', '1.7.0', '1.6.0', '1.5.0'].map((version) => ({
    ...second,
    version,
  }));
  expect(speedWords(speedOf(...many, FIRST))).toMatch(
    /^1\.9\.0 .*1\.7\.0 .* So are 2 earlier releases\.$/,
  );
  expect(speedWords(speedOf({ ...second, devices: FIRST.devices }, FIRST))).toBe(
    'No release is clearly slower than an earlier one, on any class of devices.',
  );
  const thin = onDevice('phone', 64);
  const few = { ...thin, p50Ms: { ...thin.p50Ms, devices: 3 } };
  expect(speedWords(speedOf({ ...second, devices: [few] }, FIRST))).toBe(
    'Too early to compare releases: each needs 20 devices of a class.',
  );
  expect(speedWords(speedOf(FIRST))).toBe(
    'Only one release ran, so there is none to compare it with.',
  );
  expect(speedWords(speedOf())).toBe('Nothing ran in this range.');
});
