import { type BinCounts, sharesOf } from './bins.js';

/** Jensen–Shannon divergence in bits: 0 for equal shares, 1 for those that share no bin. */
export function jensenShannon(counts: BinCounts, reference: BinCounts): number {
  const p = sharesOf(counts);
  const q = sharesOf(reference);
  const middle = p.map((share, bin) => (share + (q[bin] as number)) / 2);
  return (divergence(p, middle) + divergence(q, middle)) / 2;
}

/** Kullback–Leibler, in bits. */
function divergence(p: readonly number[], q: readonly number[]): number {
  return p.reduce(
    (sum, share, bin) => (share > 0 ? sum + share * Math.log2(share / (q[bin] as number)) : sum),
    0,
  );
}

/**
 * Computes the Wasserstein distance: how far shares have to be moved, as a share of the range of the edges. Each bin is
 * at its middle. At 0 nothing moved, and at 1 all of it from one end to the other.
 */
export function wasserstein(
  counts: BinCounts,
  reference: BinCounts,
  edges: readonly number[],
): number {
  const p = sharesOf(counts);
  const q = sharesOf(reference);
  const middles = p.map((_, bin) => ((edges[bin] as number) + (edges[bin + 1] as number)) / 2);
  const range = (edges.at(-1) as number) - (edges[0] as number);
  let [moved, ahead] = [0, 0];
  for (let bin = 0; bin < p.length - 1; bin += 1) {
    ahead += (p[bin] as number) - (q[bin] as number);
    moved += Math.abs(ahead) * ((middles[bin + 1] as number) - (middles[bin] as number));
  }
  return moved / range;
}
