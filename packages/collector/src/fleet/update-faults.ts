import { utcDay } from '../counting/time.js';
import type { CohortRow } from '../store/rollup-store.js';
import { compareVersions } from './compare-versions.js';
import { byFrequency } from './grouping.js';

export interface UpdateFaults {
  readonly version: string;
  readonly installed: number;
  /** [UTC days since the version's release, installed], in order. Empty where the release's time is not known. */
  readonly byAge: readonly (readonly [days: number, installed: number])[];
  readonly failed: Readonly<Record<string, number>>;
  /** It served, and devices went back to the version before, by code. */
  readonly rolledBack: Readonly<Record<string, number>>;
}

/** Counts how updates to versions ended. */
export function updateFaults(
  rows: readonly CohortRow[],
  releasedMs: ReadonlyMap<string, number>,
): UpdateFaults[] {
  const versions = new Set(rows.flatMap(({ counts }) => Object.keys(counts.updates ?? {})));
  return [...versions]
    .sort((a, b) => compareVersions(b, a))
    .map((version) => {
      const tried = rows.map(({ counts }) => counts.updates?.[version] ?? {});
      return {
        version,
        installed: tried.reduce((sum, { installed = 0 }) => sum + installed, 0),
        byAge: installedByAge(rows, version, releasedMs.get(version)),
        failed: byFrequency(tried.map(({ failed }) => failed)),
        rolledBack: byFrequency(tried.map(({ rolledBack }) => rolledBack)),
      };
    });
}

function installedByAge(
  rows: readonly CohortRow[],
  version: string,
  releasedMs: number | undefined,
): UpdateFaults['byAge'] {
  if (releasedMs === undefined) return [];
  const byAge = new Map<number, number>();
  for (const { hourMs, counts } of rows) {
    const installed = counts.updates?.[version]?.installed ?? 0;
    // a clock may be behind
    const days = Math.max(0, utcDay(hourMs) - utcDay(releasedMs));
    if (installed > 0) byAge.set(days, (byAge.get(days) ?? 0) + installed);
  }
  return [...byAge].sort(([a], [b]) => a - b);
}
