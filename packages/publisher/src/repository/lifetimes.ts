import type { TufRole } from '../keys/key-files.js';

/**
 * How long each role's metadata is valid, in days. A device that opens for the first time refuses
 * what has expired, so the shorter one is, the sooner a frozen mirror is noticed and the more
 * often a publisher has to renew.
 */
export const LIFETIME_DAYS: Readonly<Record<TufRole, number>> = Object.freeze({
  root: 365,
  targets: 90,
  snapshot: 30,
  timestamp: 14,
});

const DAY_MS = 86_400_000;

/** `expires` of metadata signed now, to the second as TUF 1.0 writes it. */
export function expiryOf(role: TufRole, nowMs: number): string {
  const expires = new Date(nowMs + LIFETIME_DAYS[role] * DAY_MS);
  return expires.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
