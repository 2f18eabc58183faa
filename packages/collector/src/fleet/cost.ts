import type { Prices } from '../files/prices.js';
import { sixDigits } from '../statistics/figure.js';
import type { ModelRange, RollupReads } from '../store/rollup-store.js';
import { readDeviceDays } from './devices-by-version.js';
import type { FleetQuery } from './query.js';
import { shownVersions } from './shown-groups.js';

/** Answer of `GET /v1/fleet/cost`: the cost of inferences, beside their cost on a server. */
export interface FleetCost extends ModelRange {
  /** Without prices there are no amounts. */
  readonly missing?: 'no-prices';
  readonly currency: string | null;
  /** Figures of the whole model. The sampling weight makes them those of all devices. */
  readonly total: CostFigures;
  /** Newest first. Versions under the floor are only in the total, with a larger one that hides them. */
  readonly versions: readonly (CostFigures & { readonly version: string })[];
}

export interface CostFigures {
  /** Estimated where devices are sampled. */
  readonly inferences: number;
  /** Bytes fetched from the network. */
  readonly bytes: number;
  /** Transfer from the CDN, and the collector's share. */
  readonly amount: number | null;
  readonly perMillion: number | null;
  /** The same inferences on a server. */
  readonly serverAmount: number | null;
}

const MONTH_MS = 30 * 86_400_000;

export async function fleetCost(
  store: RollupReads,
  query: FleetQuery,
  { prices, minDevices }: { prices?: Prices | undefined; minDevices: number },
): Promise<FleetCost> {
  const { model, fromMs, toMs, stepMs } = query;
  const groups = await store.sums({ model, fromMs, toMs, histograms: [] });
  const cells = await store.cells({
    model,
    fromMs,
    toMs,
    stepMs,
    partOf: ({ version }) => version,
  });
  const days = await readDeviceDays(store, query);
  const names = shownVersions({ groups, days }, minDevices).filter(
    (one) => query.version === undefined || query.version === one,
  );
  const all = cells.reduce((sum, { weighted }) => sum + weighted, 0);
  const collector = prices ? (prices.collectorPerMonth * (toMs - fromMs)) / MONTH_MS : 0;
  const figures = (version?: string): CostFigures => {
    const own = cells.filter(({ part }) => version === undefined || part === version);
    const inferences = own.reduce((sum, { weighted }) => sum + weighted, 0);
    const counted = own.reduce((sum, { ok, failed }) => sum + ok + failed, 0);
    const reported = groups
      .filter((group) => version === undefined || group.version === version)
      .reduce((sum, { counts }) => sum + (counts.bytes ?? 0), 0);
    const bytes = counted === 0 ? reported : reported * (inferences / counted);
    const share = all === 0 ? 0 : inferences / all;
    return {
      inferences,
      bytes,
      ...amounts({ inferences, bytes, fixed: collector * share }, prices),
    };
  };
  return {
    model,
    fromMs,
    toMs,
    ...(prices ? {} : { missing: 'no-prices' as const }),
    currency: prices?.currency ?? null,
    total: figures(),
    versions: names.map((version) => ({ version, ...figures(version) })),
  };
}

function amounts(
  { inferences, bytes, fixed }: { inferences: number; bytes: number; fixed: number },
  prices: Prices | undefined,
): Pick<CostFigures, 'amount' | 'perMillion' | 'serverAmount'> {
  if (!prices) return { amount: null, perMillion: null, serverAmount: null };
  const amount = (bytes / 1e9) * prices.cdnPerGigabyte + fixed;
  return {
    amount: sixDigits(amount),
    perMillion: inferences === 0 ? null : sixDigits((amount / inferences) * 1e6),
    serverAmount: sixDigits((inferences / 1e6) * prices.serverPerMillionInferences),
  };
}
