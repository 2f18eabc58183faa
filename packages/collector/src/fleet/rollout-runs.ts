import { isReasonToGiveUp } from '@nearside/core';
import { type ByName, sumOf } from '../counting/counts.js';
import { utcDay } from '../counting/time.js';
import { withoutHeaviest } from '../statistics/heaviest-cohorts.js';
import type { CohortRow } from '../store/rollup-store.js';
import { byCohort, firstsIn } from './cohort-rows.js';
import { onBusiestDay } from './devices-by-version.js';
import { byFrequency, grouped } from './grouping.js';

export interface RanAs {
  readonly version: string;
  readonly runs: number;
}

/** Returns the versions that served on a side, those with most runs first, without those of too few devices. */
export function ranAs(side: readonly CohortRow[], minDevices: number): RanAs[] {
  return [...grouped(side, ({ unit }) => unit.version)]
    .filter(([version, rows]) => version !== '' && devicesOf(rows) >= minDevices)
    .map(([version, rows]) => ({
      version,
      runs: rows.reduce((sum, { counts: { ok = 0, failed = 0 } }) => sum + ok + failed, 0),
    }))
    .sort((a, b) => b.runs - a.runs);
}

function devicesOf(rows: readonly CohortRow[]): number {
  return onBusiestDay(
    rows.map((row) => ({ day: utcDay(row.hourMs), devices: firstsIn([row], 'version-day') })),
  );
}

/**
 * Counts the updates to a version that devices undid by themselves, of those that they tried, without the cohorts with most
 * of them: a forger of four must not make a version look undone.
 */
export function undoneUpdates(
  side: readonly CohortRow[],
  version: string,
): { n: number; of: number } {
  const cohorts = byCohort(side, (rows) => {
    const all = rows.map(({ counts }) => counts.updates?.[version] ?? {});
    const failed = byFrequency(all.map((one) => one.failed));
    const rolledBack = byFrequency(all.map((one) => one.rolledBack));
    const installed = all.reduce((sum, one) => sum + (one.installed ?? 0), 0);
    // two deaths end in one roll-back: a page that died may not have told that it was installed
    const { 'page-lost': back = 0 } = rolledBack;
    const deaths = Math.min(failed['page-lost'] ?? 0, 2 * back);
    return {
      n: faultsIn(failed) + faultsIn(rolledBack) - deaths,
      of: installed + sumOf(failed) - Math.max(0, deaths - back),
    };
  });
  const kept = withoutHeaviest(
    cohorts,
    cohorts.map(({ n }) => n),
  );
  return {
    n: kept.reduce((sum, one) => sum + one.n, 0),
    of: kept.reduce((sum, one) => sum + one.of, 0),
  };
}

function faultsIn(byCode: Readonly<ByName>): number {
  return Object.entries(byCode).reduce(
    (sum, [code, n]) => sum + (isReasonToGiveUp(code) ? n : 0),
    0,
  );
}
