import type { VersionFacts } from '@nearside/core';
import { DAY_MS, utcDay } from '../counting/time.js';
import { ratioFigureOf } from '../statistics/cohort-ratio.js';
import type { Figure } from '../statistics/figure.js';
import type { CohortRow, RollupReads } from '../store/rollup-store.js';
import { firstsIn, ratioByCohort, readCohortDays } from './cohort-rows.js';
import { compareVersions } from './compare-versions.js';
import type { FleetQuery, ModelContext } from './query.js';
import { shownParts } from './shown-parts.js';

/** Answer of `GET /v1/fleet/coverage`: which versions do devices have on the newest day, and which should they have? */
export interface FleetCoverage {
  readonly model: string;
  /** Start of the UTC day. */
  readonly dayMs: number;
  readonly minDevices: number;
  readonly devices: number;
  readonly versions: readonly VersionCoverage[];
}

export interface VersionCoverage {
  readonly version: string;
  readonly state: VersionFacts['state'] | null;
  /** Share of devices that the version served. */
  readonly adoption: Figure;
  /** Share that its rollout names. Null where the rollout is not known. */
  readonly target: number | null;
  /** adoption ÷ target. */
  readonly coverage: number | null;
}

const BPS = 10_000;

export async function fleetCoverage(
  store: RollupReads,
  query: FleetQuery,
  { facts, minDevices }: ModelContext,
): Promise<FleetCoverage> {
  const { model } = query;
  const day = utcDay(query.toMs - 1);
  const ofDay = { fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS };
  const rows = await readCohortDays(store, { model, ...ofDay });
  const devices = firstsIn(rows, 'version-day');
  const devicesOf = (some: readonly string[]) =>
    firstsIn(
      rows.filter(({ unit }) => some.includes(unit.version)),
      'version-day',
    );
  // a name without a counted device hides nobody: mostly opens that failed before a version was known
  const names = [...new Set(rows.map(({ unit }) => unit.version))].filter(
    (version) => devicesOf([version]) > 0,
  );
  const versions = shownParts(names, { devicesOf, minDevices })
    .filter((version) => query.version === undefined || query.version === version)
    .sort((a, b) => compareVersions(b, a))
    .map((version) => versionCoverage(rows, { version, devices, facts }));
  return { model, dayMs: day * DAY_MS, minDevices, devices, versions };
}

function versionCoverage(
  rows: readonly CohortRow[],
  { version, devices, facts }: { version: string; devices: number } & Pick<ModelContext, 'facts'>,
): VersionCoverage {
  const adopted = ratioByCohort(rows, ({ unit, counts }) => {
    const whole = counts.firsts?.['version-day'] ?? 0;
    return { part: unit.version === version ? whole : 0, whole };
  });
  const adoption = ratioFigureOf(adopted, devices);
  const known = facts?.versions.find((one) => one.version === version);
  const target = facts && known ? targetOf(known, facts.versions) : null;
  return {
    version,
    state: known?.state ?? null,
    adoption,
    target,
    coverage: target && adoption.value !== null ? adoption.value / target : null,
  };
}

/** Returns the share of a rollout's range. The newest stable version gets what no rollout takes, and a shadow none. */
function targetOf(version: VersionFacts, versions: readonly VersionFacts[]): number {
  const width = ({ rollout, state }: VersionFacts) =>
    rollout && state !== 'revoked' && state !== 'shadow'
      ? (rollout.toBps - rollout.fromBps) / BPS
      : 0;
  if (version.state === 'revoked') return 0;
  if (version.rollout) return width(version);
  const stable = versions.filter(({ state, rollout }) => state === 'stable' && !rollout);
  const newest = Math.max(...stable.map(({ sequence }) => sequence));
  if (version.sequence !== newest) return 0;
  return Math.max(0, 1 - versions.reduce((sum, one) => sum + width(one), 0));
}
