/** A figure that rests on so many of the 64 cohorts may be made by a handful of devices, or by one that lies. */
export const HEAVIEST = 4;

/** Returns all cohorts but the {@link HEAVIEST}. */
export function withoutHeaviest<Cohort>(
  cohorts: readonly Cohort[],
  weights: readonly number[],
): Cohort[] {
  const order = [...cohorts.keys()].sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0));
  const heaviest = new Set(order.slice(0, HEAVIEST));
  return cohorts.filter((_, i) => !heaviest.has(i));
}
