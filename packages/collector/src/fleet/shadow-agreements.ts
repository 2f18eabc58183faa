import { COHORTS } from '@nearside/core';
import type { ShadowCounts } from '../counting/counts.js';
import { ratioFigureOf } from '../statistics/cohort-ratio.js';
import { type Figure, sixDigits } from '../statistics/figure.js';
import type { CohortRow } from '../store/rollup-store.js';
import { ratioByCohort } from './cohort-rows.js';
import { compareVersions } from './compare-versions.js';
import { confidenceBins } from './confidence-bins.js';
import type { ModelContext } from './query.js';

/** How often a version that ran beside the one that serves decided the same. */
export interface ShadowAgreement {
  readonly candidate: string;
  /** Inputs that both had. */
  readonly n: number;
  /** The share of them in which both decided the same. Its `devices` are cohorts, each of one device at least. */
  readonly agreement: Figure;
  /** Figures about content need enough devices. */
  readonly missing?: 'too-few-devices';
  /** By confidence of the version that served, the least sure first. Bins without a run are left out. */
  readonly bins: readonly AgreementBin[];
  /** Mean additional time of the candidate where it answered, ms. */
  readonly latencyDifferenceMs: number;
  /** Share of the inputs that the candidate failed on. The serving version answered each: other runs are no samples. */
  readonly errorDifference: number;
}

export interface AgreementBin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly agreement: number;
}

type Context = Pick<ModelContext, 'facts' | 'minDevices'>;

/** Lists the versions that ran beside the serving one, the newest first. */
export function shadowAgreements(
  rows: readonly CohortRow[],
  { facts, minDevices }: Context,
): ShadowAgreement[] {
  const candidates = new Set(rows.flatMap(({ counts }) => Object.keys(counts.shadow ?? {})));
  return [...candidates]
    .sort((a, b) => compareVersions(b, a))
    .flatMap((candidate) => {
      const beside = rows.filter(({ counts }) => (counts.shadow?.[candidate]?.n ?? 0) > 0);
      const n = sumOf(beside, candidate, 'n');
      if (n === 0) return [];
      const failed = sumOf(beside, candidate, 'errors');
      // which devices ran it is not counted, so there are as many as cohorts at least
      const cohorts = new Set(beside.map(({ cohort }) => cohort)).size;
      const isEnough = cohorts >= Math.min(minDevices, COHORTS);
      const shares = ratioByCohort(isEnough ? beside : [], ({ counts }) => {
        const { agreements = 0, n: whole = 0 } = counts.shadow?.[candidate] ?? {};
        return { part: agreements, whole };
      });
      return [
        {
          candidate,
          n,
          agreement: ratioFigureOf(shares, cohorts),
          ...(!isEnough && { missing: 'too-few-devices' as const }),
          bins: isEnough ? agreementByBin(beside, candidate, facts) : [],
          latencyDifferenceMs: sixDigits(
            sumOf(beside, candidate, 'latency') / Math.max(1, n - Math.max(0, failed)),
          ),
          errorDifference: failed / n,
        },
      ];
    });
}

function sumOf(
  rows: readonly CohortRow[],
  candidate: string,
  name: Exclude<keyof ShadowCounts, 'bins'>,
): number {
  return rows.reduce((sum, { counts }) => sum + (counts.shadow?.[candidate]?.[name] ?? 0), 0);
}

/** Two versions that served may have other bins. Those with the same edges are added up. */
function agreementByBin(
  rows: readonly CohortRow[],
  candidate: string,
  facts: Context['facts'],
): AgreementBin[] {
  const bins = new Map<string, { from: number; to: number; n: number; agreements: number }>();
  for (const { unit, counts } of rows) {
    const served = facts?.versions.find(({ version }) => version === unit.version);
    const { edges = [] } = confidenceBins(served)?.distribution ?? {};
    for (const [bin, { n, agreements }] of Object.entries(counts.shadow?.[candidate]?.bins ?? {})) {
      const [from, to] = [edges[Number(bin)], edges[Number(bin) + 1]];
      if (from === undefined || to === undefined) continue;
      const sums = bins.get(`${from} ${to}`) ?? { from, to, n: 0, agreements: 0 };
      bins.set(`${from} ${to}`, sums);
      sums.n += n;
      sums.agreements += agreements;
    }
  }
  return [...bins.values()]
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .map(({ agreements, ...bin }) => ({ ...bin, agreement: agreements / bin.n }));
}
