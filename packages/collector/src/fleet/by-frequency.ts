import type { ByName } from '../counting/counts.js';

/** Adds up counts by name, the most frequent first. */
export function byFrequency(
  counts: readonly (Readonly<ByName> | undefined)[],
): Record<string, number> {
  const byName = new Map<string, number>();
  for (const ofOne of counts) {
    for (const [name, n] of Object.entries(ofOne ?? {})) {
      byName.set(name, (byName.get(name) ?? 0) + n);
    }
  }
  return Object.fromEntries([...byName].sort(([, a], [, b]) => b - a));
}
