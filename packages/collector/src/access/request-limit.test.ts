import { expect, test } from 'vitest';
import { addressGroup } from './address-group.js';
import { createRequestLimit } from './request-limit.js';

const MINUTE_MS = 60_000;
const NOW_MS = 1_000 * MINUTE_MS;

test('an address may ask so often a minute, and is told when it may again; others do not wait for it', () => {
  const limit = createRequestLimit({ perMinute: 3 });
  const ask = (address: string, afterMs: number) => limit(address, NOW_MS + afterMs);
  expect([1, 2, 3].map(() => ask('203.0.113.7', 0))).toEqual([0, 0, 0]);
  expect(ask('203.0.113.7', 15_000)).toBe(45);
  expect(ask('203.0.113.7', 59_999)).toBe(1);
  expect(ask('203.0.113.8', 15_000)).toBe(0);
  expect(ask('203.0.113.7', MINUTE_MS)).toBe(0);
});

test('one network of IPv6 is one sender, however many of its addresses it uses', () => {
  const limit = createRequestLimit({ perMinute: 1 });
  expect(limit('2001:db8:1:2::1', NOW_MS)).toBe(0);
  expect(limit('2001:db8:1:2:ffff::2', NOW_MS)).toBe(60);
  expect(limit('2001:db8:1:3::1', NOW_MS)).toBe(0);
});

test('a flood of addresses takes bounded memory, and those who were counted stay counted', () => {
  const limit = createRequestLimit({ perMinute: 1 });
  for (let i = 0; i < 100_000; i += 1) limit(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, NOW_MS);
  expect(limit('10.0.0.0', NOW_MS)).toBe(60);
  expect([1, 2].map(() => limit('203.0.113.7', NOW_MS))).toEqual([0, 0]);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['no address', 'no address'],
])('%s is counted as %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});
