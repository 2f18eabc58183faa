/**
 * Population stability index, Σ (p − q) ln (p / q), of two lists of counts by the same bins. Half an event more in
 * each bin keeps it finite. Its mean is not 0 between two samples of the same: for n and m independent observations
 * it is (bins − 1) (1/n + 1/m).
 */
export function stabilityIndex(counts: readonly number[], reference: readonly number[]): number {
  const p = sharesOf(counts);
  const q = sharesOf(reference);
  return p.reduce((sum, share, bin) => {
    const other = q[bin] as number;
    return sum + (share - other) * Math.log(share / other);
  }, 0);
}

function sharesOf(counts: readonly number[]): number[] {
  const all = counts.reduce((sum, n) => sum + n, counts.length / 2);
  return counts.map((n) => (n + 0.5) / all);
}
