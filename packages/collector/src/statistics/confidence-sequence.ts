/**
 * How far from an estimate the true value is at most, at every look at once, but for a probability of `level` on each side:
 * the mixture sequential probability ratio test with a normal mixture, inverted (Robbins 1970; Johari, Pekelis and Walsh
 * 2022).
 *
 * @param variance of the estimate at this look
 * @param effect that is looked for: the radius is narrowest where the standard deviation is about a third of it
 */
export function radiusAtAnyLook(variance: number, effect: number, level: number): number {
  const mixture = effect ** 2;
  const total = variance + mixture;
  return Math.sqrt(
    ((variance * total) / mixture) * (2 * Math.log(1 / (2 * level)) + Math.log(total / variance)),
  );
}
