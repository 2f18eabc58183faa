/**
 * Draws that are the same in every run of a seed.
 *
 * @typedef {ReturnType<typeof drawsOf>} Draws
 */
export function drawsOf(seed) {
  let state = seed | 0;

  /** In [0, 1): mulberry32. */
  function uniform() {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Box and Muller. */
  function normal() {
    return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  /** Knuth, for small means. */
  function poisson(mean) {
    const limit = Math.exp(-mean);
    let [n, product] = [0, uniform()];
    while (product > limit) {
      n += 1;
      product *= uniform();
    }
    return n;
  }

  return {
    uniform,
    normal,
    poisson,
    chance: (share) => uniform() < share,
    below: (n) => Math.floor(uniform() * n),
    /** Heavy-tailed, 1 at least. */
    pareto: (alpha) => (1 - uniform()) ** (-1 / alpha),
    /** One of a list, as likely as its weight. */
    weighted(choices) {
      let left = uniform() * choices.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [choice, weight] of choices) {
        left -= weight;
        if (left < 0) return choice;
      }
      return choices[0][0];
    },
    /** Hex digits, two a byte. */
    hex: (bytes) =>
      Array.from({ length: bytes }, () =>
        Math.floor(uniform() * 256)
          .toString(16)
          .padStart(2, '0'),
      ).join(''),
  };
}
