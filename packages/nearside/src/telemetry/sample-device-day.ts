import { rolloutBucket } from '@nearside/artifact';

/** The UTC day of a time, as `2026-11-25`. */
export function utcDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}

/**
 * Whether this install reports at all on this UTC day: one draw per install and day, the same
 * however often it is asked.
 *
 * @param sampleRate share of device-days that report, 0 … 1
 */
export async function isSampledDay(
  installId: string,
  day: string,
  sampleRate: number,
): Promise<boolean> {
  return (await rolloutBucket(`report ${day}`, installId)) < sampleRate * 10_000;
}
