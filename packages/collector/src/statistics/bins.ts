/** Counts by bin, of one cohort or of all. */
export type BinCounts = readonly number[];

/**
 * Returns the joined bin of each bin, so that each joined bin holds `least`. A small one takes the next one in, and the
 * last one joins the one before it.
 *
 * @param amounts by bin
 */
export function joinSmallBins(amounts: readonly number[], least: number): number[] {
  const target: number[] = [];
  let [current, amount] = [0, 0];
  for (const one of amounts) {
    if (amount >= least) [current, amount] = [current + 1, 0];
    target.push(current);
    amount += one;
  }
  if (amount >= least || current === 0) return target;
  return target.map((to) => Math.min(to, current - 1));
}

export function joinBins(counts: BinCounts, target: readonly number[]): number[] {
  const sums = new Array<number>((target.at(-1) ?? -1) + 1).fill(0);
  for (const [bin, to] of target.entries()) sums[to] = (sums[to] as number) + (counts[bin] ?? 0);
  return sums;
}

export function totalOf(counts: BinCounts): number {
  return counts.reduce((sum, n) => sum + n, 0);
}

/** Shares are all 0 where nothing was counted. */
export function sharesOf(counts: BinCounts): number[] {
  const total = totalOf(counts);
  return counts.map((n) => (total === 0 ? 0 : n / total));
}

/** Adds up all cohorts, bin by bin. */
export function addedUp(cohorts: readonly BinCounts[]): number[] {
  const sums: number[] = [];
  for (const counts of cohorts) {
    for (const [bin, n] of counts.entries()) sums[bin] = (sums[bin] ?? 0) + n;
  }
  return sums;
}
