import { sha256, sha256Hex } from './sha256.js';

/** Bucket of an install for a rollout, 0 … 9,999, from the first 6 bytes of SHA-256(salt ‖ 0 ‖ installId). */
export async function rolloutBucket(salt: string, installId: string): Promise<number> {
  const digest = await sha256(new TextEncoder().encode(`${salt}\0${installId}`));
  const first48Bits = digest.subarray(0, 6).reduce((value, byte) => value * 256 + byte, 0);
  return first48Bits % 10_000;
}

/** Names the experiment of a rollout in reports: first 8 hex digits of the SHA-256 of its salt. */
export async function experimentOf(salt: string): Promise<string> {
  return (await sha256Hex(new TextEncoder().encode(salt))).slice(0, 8);
}
