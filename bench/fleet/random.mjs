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

  /** Marsaglia and Tsang, mean `shape`. */
  function gamma(shape) {
    if (shape < 1) return gamma(shape + 1) * uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
        return d * v;
      }
    }
  }

  /** How many of n have something that few have: from one that has it to the next. */
  function fewOf(n, share) {
    if (share <= 0) return 0;
    if (share >= 1) return n;
    const step = Math.log1p(-share);
    let [found, at] = [0, 0];
    for (;;) {
      at += Math.floor(Math.log(1 - uniform()) / step) + 1;
      if (at > n) return found;
      found += 1;
    }
  }

  return {
    uniform,
    normal,
    poisson,
    gamma,
    beta(a, b) {
      const x = gamma(a);
      return x / (x + gamma(b));
    },
    /** Shares of the mean `shares`; the higher the concentration, the nearer to it. */
    dirichlet(shares, concentration) {
      const drawn = shares.map((share) => gamma(Math.max(share * concentration, 1e-3)));
      const sum = drawn.reduce((all, one) => all + one, 0);
      return sum > 0 ? drawn.map((one) => one / sum) : shares;
    },
    /** Counts of n that fall on bins of these shares. */
    multinomial(n, shares) {
      const counts = new Array(shares.length).fill(0);
      for (let i = 0; i < n; i += 1) {
        let left = uniform() * shares.reduce((sum, share) => sum + share, 0);
        const bin = shares.findIndex((share) => {
          left -= share;
          return left <= 0;
        });
        counts[bin === -1 ? shares.length - 1 : bin] += 1;
      }
      return counts;
    },
    binomial: (n, share) => (share <= 0.5 ? fewOf(n, share) : n - fewOf(n, 1 - share)),
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
