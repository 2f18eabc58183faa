/** The value that a share `q` of all stay at or below, by nearest rank. @param sorted ascending, not empty */
export function quantile(sorted: readonly number[], q: number): number {
  const rank = Math.max(1, Math.ceil(q * sorted.length));
  return sorted[rank - 1] as number;
}

export function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How many points a distribution is kept as: enough to draw it, few enough for a link. */
const POINTS = 41;

/** Quantiles 0, 1/40 … 1. @param values not empty */
export function distribution(values: readonly number[]): number[] {
  const sorted = ascending(values);
  return Array.from({ length: POINTS }, (_, i) => quantile(sorted, i / (POINTS - 1)));
}
