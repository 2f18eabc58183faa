import type { FleetLatency } from '../../src/fleet/latency.js';

const COLORS = ['--v1', '--v2', '--v3', '--v4', '--v5'];
/** Versions beyond the newest five, what has no version, and groups that are suppressed. */
export const REST_COLOR = '--rest';

/** CSS variable of the colour by version: newest first. */
export function versionColors({ versions }: FleetLatency): Map<string, string> {
  const named = versions.filter(({ version }) => /^\d/.test(version));
  return new Map(named.map(({ version }, i) => [version, COLORS[i] ?? REST_COLOR]));
}

/** What is reported before a version is known has none. */
export function versionName(version: string): string {
  return version === '' ? 'none yet' : version;
}
