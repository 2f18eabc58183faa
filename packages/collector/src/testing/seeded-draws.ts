/** Draws that are the same in every run of a seed (mulberry32). */
export function seededDraws(seed: number) {
  let state = seed | 0;
  function uniform(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (n: number) => Math.floor(uniform() * n);
  /** Draws a bin, each as likely as its share. */
  function bin(shares: readonly number[]): number {
    let left = uniform() * shares.reduce((sum, share) => sum + share, 0);
    const found = shares.findIndex((share) => {
      left -= share;
      return left <= 0;
    });
    return found === -1 ? shares.length - 1 : found;
  }
  return { uniform, below, bin, chance: (share: number) => uniform() < share };
}

export type SeededDraws = ReturnType<typeof seededDraws>;
