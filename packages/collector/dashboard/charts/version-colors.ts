import type { FleetLatency } from '../../src/fleet/latency.js';

const COLORS = ['--v1', '--v2', '--v3', '--v4', '--v5'];
/** Versions beyond the newest five, reports without a version, and suppressed groups have this colour. */
export const REST_COLOR = '--rest';

/** Returns the CSS variable of each version's colour, the newest first. */
export function versionColors({ versions }: FleetLatency): Map<string, string> {
  const named = versions.filter(({ version }) => /^\d/.test(version));
  return new Map(named.map(({ version }, i) => [version, COLORS[i] ?? REST_COLOR]));
}
