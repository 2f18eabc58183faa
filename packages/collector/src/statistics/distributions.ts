/**
 * P(F > f) for the F distribution of df1 and df2 degrees of freedom, which need not be whole.
 * DLMF 8.17: the regularised incomplete beta function at df2 / (df2 + df1·f).
 */
export function fSurvival(f: number, df1: number, df2: number): number {
  if (!(f > 0)) return 1;
  return incompleteBeta(df2 / (df2 + df1 * f), df2 / 2, df1 / 2);
}

/** P(T > t) for Student's t distribution. */
export function tSurvival(t: number, df: number): number {
  const tail = incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
  return t >= 0 ? tail : 1 - tail;
}

/** Returns the t above which a share `tail` of Student's distribution lies, 0 < tail < 0.5. */
export function tQuantile(tail: number, df: number): number {
  let [low, high] = [0, 1];
  while (tSurvival(high, df) > tail) high *= 2;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (tSurvival(middle, df) > tail) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * P(N ≤ n) for a negative binomial count of this mean, with variance mean + dispersion · mean² (Johnson, Kemp and Kotz,
 * Univariate Discrete Distributions, 5.6).
 */
export function negativeBinomialBelow(n: number, mean: number, dispersion: number): number {
  const size = 1 / dispersion;
  return incompleteBeta(size / (size + mean), size, n + 1);
}

/** Regularised incomplete beta function I_x(a, b): its continued fraction (DLMF 8.17.22), modified Lentz. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // the fraction converges fast only below the mean
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b),
  );
  const TINY = 1e-300;
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 1000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return (front * fraction) / a;

  function awayFromZero(value: number): number {
    return Math.abs(value) < TINY ? TINY : value;
  }
}

/** ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1) above 15, and Γ(x + 1) = x Γ(x) below. */
function logGamma(x: number): number {
  let [shifted, product] = [x, 1];
  while (shifted < 15) {
    product *= shifted;
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (
    (shifted - 0.5) * Math.log(shifted) -
    shifted +
    0.5 * Math.log(2 * Math.PI) +
    series -
    Math.log(product)
  );
}

/**
 * Returns the radius around an estimate within which the true value stays at all looks together, but for a probability
 * of `level` on each side. It inverts the mixture sequential probability ratio test with a normal mixture (Robbins
 * 1970; Johari, Pekelis and Walsh 2022).
 *
 * @param variance of the estimate at this look
 * @param effect the difference that is looked for; the radius is narrowest where the standard deviation is a third of
 * it
 */
export function radiusAtAnyLook(variance: number, effect: number, level: number): number {
  const mixture = effect ** 2;
  const total = variance + mixture;
  return Math.sqrt(
    ((variance * total) / mixture) * (2 * Math.log(1 / (2 * level)) + Math.log(total / variance)),
  );
}

/** The interval between both bounds is halved so often. */
const HALVINGS = 24;

/**
 * Returns such a radius for any of several effects. Their likelihoods are averaged, so it is never wider than the
 * narrowest of intervals that share the level.
 */
export function radiusForEffects(
  variance: number,
  effects: readonly number[],
  level: number,
): number {
  const narrowest = (share: number) =>
    Math.min(...effects.map((effect) => radiusAtAnyLook(variance, effect, share * level)));
  let [low, high] = [narrowest(1), narrowest(1 / effects.length)];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    const mean =
      effects.reduce((sum, effect) => sum + likelihoodRatio(middle, variance, effect), 0) /
      effects.length;
    if (mean < 1 / (2 * level)) low = middle;
    else high = middle;
  }
  return high;
}

/** Likelihood of a difference under a normal mixture of effects, ÷ that without an effect. */
function likelihoodRatio(difference: number, variance: number, effect: number): number {
  const total = variance + effect ** 2;
  const exponent = (difference ** 2 * effect ** 2) / (2 * variance * total);
  return Math.sqrt(variance / total) * Math.exp(exponent);
}
