import { addressGroup } from './address-group.js';

const MINUTE_MS = 60_000;

/** Addresses that are counted in a minute; a sender who has more of them is limited by nothing that is counted by address. */
const MOST_ADDRESSES = 100_000;

export interface RequestLimit {
  /** @returns 0, or the seconds after which the address may ask again */
  take(address: string, nowMs: number): number;
}

/** So many requests a minute from each address. Windows are minutes of the clock, and nothing is kept of the last one. */
export function createRequestLimit({ perMinute }: { perMinute: number }): RequestLimit {
  let minute = Number.NaN;
  let counts = new Map<string, number>();
  return {
    take(address, nowMs) {
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
    },
  };
}
