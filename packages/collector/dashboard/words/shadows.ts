import type { AgreementBin, ShadowAgreement } from '../../src/fleet/shadow-agreements.js';
import { joinSmallBins } from '../../src/statistics/bins.js';
import { FEWEST_EVENTS } from '../../src/statistics/figure.js';
import { type Cell, figure } from '../table/table.js';
import { formatCount, formatRate } from './format.js';

/** Makes the cell of how often a version that runs beside decides as the one that serves. */
export function agreementCell({ agreement, missing }: ShadowAgreement): Cell {
  if (missing) return { text: 'too few devices', value: null, tone: 'quiet' };
  const { low, high, n, devices } = agreement;
  return {
    ...figure(agreement, formatRate),
    detail: `${formatRate(low)} to ${formatRate(high)}, of ${formatCount(n)} inputs in ${devices} of 64 groups of devices`,
  };
}

/** Joins bins of confidence until each says something: where a model is unsure there are few inputs. */
export function joinedBins(bins: readonly AgreementBin[]): AgreementBin[] {
  const target = joinSmallBins(
    bins.map(({ n }) => n),
    FEWEST_EVENTS,
  );
  const joined: AgreementBin[] = [];
  for (const [i, bin] of bins.entries()) {
    const place = target[i] as number;
    const one = joined[place];
    const n = (one?.n ?? 0) + bin.n;
    const agreements = (one ? one.n * one.agreement : 0) + bin.n * bin.agreement;
    joined[place] = { from: one?.from ?? bin.from, to: bin.to, n, agreement: agreements / n };
  }
  return joined;
}
