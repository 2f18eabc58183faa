import type { TrustedMetadata } from '@nearside/artifact';
import { TUF_ROLES, type TufRole } from '../keys/key-files.js';
import { signedOf } from '../repository/reading/read-repository.js';

/**
 * How long each role's metadata is valid, in days. Devices that open for the first time refuse expired metadata. With
 * a shorter lifetime a frozen mirror is noticed sooner, and the publisher must renew more often.
 */
export const LIFETIME_DAYS: Readonly<Record<TufRole, number>> = Object.freeze({
  root: 365,
  targets: 90,
  snapshot: 30,
  timestamp: 14,
});

export const DAY_MS = 86_400_000;

/** `expires` of metadata signed now, to the second as TUF 1.0 writes it. */
export function expiryOf(role: TufRole, nowMs: number): string {
  const expires = new Date(nowMs + LIFETIME_DAYS[role] * DAY_MS);
  return expires.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/**
 * @returns true if metadata expires more than a day later than metadata signed now would; clocks of signers and
 *   readers differ by less. A clock that is years ahead signs such metadata. Devices accept it, and a mirror that
 *   shows it for ever is not noticed until it expires
 */
export function isTooLong(role: TufRole, expires: string, nowMs: number): boolean {
  return Date.parse(expires) - nowMs > (LIFETIME_DAYS[role] + 1) * DAY_MS;
}

/** Days until metadata expires, in tenths and rounded down; negative afterwards. */
export function daysLeft(expires: string, nowMs: number): number {
  return Math.floor(((Date.parse(expires) - nowMs) / DAY_MS) * 10) / 10;
}

/**
 * The share of its lifetime that metadata has left, 0 … 1. TUF does not say when it was signed, so the usual lifetime
 * of its role counts.
 */
export function lifetimeLeft(role: TufRole, expires: string, nowMs: number): number {
  const leftMs = Date.parse(expires) - nowMs;
  return Math.min(1, Math.max(0, leftMs / (LIFETIME_DAYS[role] * DAY_MS)));
}

/** When the first of the roles expires. From then on devices without a copy are turned away. */
export function firstVisitsUntil(trusted: TrustedMetadata): string {
  const all = TUF_ROLES.flatMap((role) => signedOf(trusted, role)?.expires ?? []);
  return all.sort()[0] as string; // there is always a root
}

/** A role with less than this share of its lifetime expires soon: 3.5 days of a timestamp, 91 of a root. */
const EXPIRING_BELOW = 0.25;

/** How metadata stands that expires then; `too-long` is said in {@link isTooLong}. */
export type ExpiryState = 'valid' | 'expiring' | 'expired' | 'too-long';

export function expiryState(role: TufRole, expires: string, nowMs: number): ExpiryState {
  const left = lifetimeLeft(role, expires, nowMs);
  if (isTooLong(role, expires, nowMs)) return 'too-long';
  if (left <= 0) return 'expired';
  return left < EXPIRING_BELOW ? 'expiring' : 'valid';
}
