/** A figure that rests on so many of the 64 cohorts may be made by a handful of devices, or by one that lies. */
export const HEAVIEST = 4;

/** Returns all cohorts but the {@link HEAVIEST}. */
export function withoutHeaviest<Cohort>(
  cohorts: readonly Cohort[],
  weights: readonly number[],
): Cohort[] {
  const heaviest = new Set<number>();
  while (heaviest.size < Math.min(HEAVIEST, cohorts.length)) {
    heaviest.add(heaviestBut(heaviest));
  }
  return cohorts.filter((_, i) => !heaviest.has(i));

  function heaviestBut(others: ReadonlySet<number>): number {
    let at = -1;
    for (let i = 0; i < cohorts.length; i += 1) {
      if (!others.has(i) && (at < 0 || (weights[i] ?? 0) > (weights[at] ?? 0))) at = i;
    }
    return at;
  }
}
