import { sixDigits } from '../statistics/figure.js';
import type { CohortRow } from '../store/rollup-store.js';
import { compareVersions } from './compare-versions.js';
import { byFrequency } from './grouping.js';

export interface ShadowAgreement {
  readonly candidate: string;
  readonly n: number;
  /** Share of runs in which both had the same output. */
  readonly agreement: number;
  /** Mean additional time of the candidate, ms. */
  readonly latencyDifferenceMs: number;
  /** (Failures of the candidate − failures of the serving version) ÷ runs. */
  readonly errorDifference: number;
}

/** Lists the candidates that ran beside the serving version, the newest first. */
export function shadowAgreements(rows: readonly CohortRow[]): ShadowAgreement[] {
  const candidates = new Set(rows.flatMap(({ counts }) => Object.keys(counts.shadow ?? {})));
  return [...candidates]
    .sort((a, b) => compareVersions(b, a))
    .flatMap((candidate) => {
      const sums = byFrequency(rows.map(({ counts }) => counts.shadow?.[candidate]));
      const { n = 0, agreements = 0, latency = 0, errors = 0 } = sums;
      if (n === 0) return [];
      return [
        {
          candidate,
          n,
          agreement: agreements / n,
          latencyDifferenceMs: sixDigits(latency / n),
          errorDifference: errors / n,
        },
      ];
    });
}
