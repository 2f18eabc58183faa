import { compareVersions } from '../compare-versions.js';
import type { CohortRow } from '../rollup-store.js';
import { byFrequency } from './by-frequency.js';

export interface UpdateFaults {
  readonly version: string;
  readonly installed: number;
  /** [whole days since the version was released, installed], in order; empty where nobody knows when that was. */
  readonly byAge: readonly (readonly [days: number, installed: number])[];
  readonly failed: Readonly<Record<string, number>>;
  /** It served, and was given up. */
  readonly rolledBack: Readonly<Record<string, number>>;
}

/** What devices said of versions that they tried. */
export function updateFaults(rows: readonly CohortRow[]): UpdateFaults[] {
  const versions = new Set(rows.flatMap(({ counts }) => Object.keys(counts.updates ?? {})));
  return [...versions]
    .sort((a, b) => compareVersions(b, a))
    .map((version) => {
      const tried = rows.flatMap(({ counts }) => counts.updates?.[version] ?? []);
      return {
        version,
        installed: tried.reduce((sum, { installed = 0 }) => sum + installed, 0),
        byAge: [],
        failed: byFrequency(tried.map(({ failed }) => failed)),
        rolledBack: byFrequency(tried.map(({ rolledBack }) => rolledBack)),
      };
    });
}
