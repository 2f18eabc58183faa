import type { TrustedMetadata } from '@nearside/artifact';
import { TUF_ROLES, type TufRole } from '../keys/key-files.js';

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

export const DAY_MS = 86_400_000;

/** `expires` of metadata signed now, to the second as TUF 1.0 writes it. */
export function expiryOf(role: TufRole, nowMs: number): string {
  const expires = new Date(nowMs + LIFETIME_DAYS[role] * DAY_MS);
  return expires.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/**
 * Whether metadata expires later than what is signed now would, by more than a day: clocks of
 * signers and readers differ. A clock that is years ahead signs such metadata. Devices take it, and a
 * mirror that shows it for ever is not noticed until then.
 */
export function isTooLong(role: TufRole, expires: string, nowMs: number): boolean {
  return Date.parse(expires) - nowMs > (LIFETIME_DAYS[role] + 1) * DAY_MS;
}

/** Days until metadata expires, in tenths and rounded down; negative afterwards. */
export function daysLeft(expires: string, nowMs: number): number {
  return Math.floor(((Date.parse(expires) - nowMs) / DAY_MS) * 10) / 10;
}

/**
 * The share of its lifetime that metadata has left, 0 … 1. TUF does not say when it was signed, so
 * the lifetime is the one that this role's metadata is given here.
 */
export function lifetimeLeft(role: TufRole, expires: string, nowMs: number): number {
  const leftMs = Date.parse(expires) - nowMs;
  return Math.min(1, Math.max(0, leftMs / (LIFETIME_DAYS[role] * DAY_MS)));
}

/** Undefined for a role that was never published. */
export function expiresOf(trusted: TrustedMetadata, role: TufRole): string | undefined {
  return role === 'root' ? trusted.root.expires : trusted[role]?.signed.expires;
}

/** When the first of the roles expires: from then on devices that have no copy yet are turned away. */
export function firstVisitsUntil(trusted: TrustedMetadata): string {
  const all = TUF_ROLES.flatMap((role) => expiresOf(trusted, role) ?? []);
  return all.sort()[0] as string; // the root's at least
}
