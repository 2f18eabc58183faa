import { addressGroup } from './address-group.js';

const MINUTE_MS = 60_000;

/** So many addresses are counted in a minute. A limit by address does not hold a sender who has more of them. */
const MOST_ADDRESSES = 100_000;

/**
 * Counts requests of each address by minutes of the clock. It keeps nothing of the minute before.
 *
 * @returns a function that counts one, and returns the seconds until the address may ask again: 0 when it may now
 */
export function createRequestLimit({ perMinute }: { perMinute: number }) {
  let minute = Number.NaN;
  let counts = new Map<string, number>();
  return (address: string, nowMs: number): number => {
    const now = Math.floor(nowMs / MINUTE_MS);
    if (now !== minute) {
      minute = now;
      counts = new Map();
    }
    const group = addressGroup(address);
    const count = (counts.get(group) ?? 0) + 1;
    if (count > perMinute) return Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / 1000);
    if (counts.size < MOST_ADDRESSES || counts.has(group)) counts.set(group, count);
    return 0;
  };
}
