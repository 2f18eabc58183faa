import { type Estimate, type Figure, isUnder, shareFigureOf } from './figure.js';
import { withoutHeaviest } from './heaviest-cohorts.js';

/** Numerator and denominator of one cohort. */
export interface RatioSums {
  readonly part: number;
  readonly whole: number;
}

/**
 * Computes Σ part ÷ Σ whole, with the variance between cohorts, which includes what the calls of a device have in
 * common (linearised ratio; Cochran 1977, 6.3). Undefined where nothing was counted.
 */
export function ratioOf(cohorts: readonly RatioSums[]): Estimate | undefined {
  const counted = cohorts.filter(({ whole }) => whole > 0);
  const n = counted.reduce((sum, { whole }) => sum + whole, 0);
  if (n === 0) return undefined;
  const value = counted.reduce((sum, { part }) => sum + part, 0) / n;
  const deviations = counted.map(({ part, whole }) => (part - value * whole) / n);
  return { value, n, ...varianceOf(deviations) };
}

/** Makes the figure of a share: Σ part ÷ Σ whole. */
export function ratioFigureOf(cohorts: readonly RatioSums[], devices: number): Figure {
  return shareFigureOf(ratioOf(cohorts), { devices, method: 'cohort-ratio' });
}

/** Tells whether a share is under its target only because of the cohorts with most of what is missing. */
export function isMissByFew(
  cohorts: readonly RatioSums[],
  { devices, target }: { devices: number; target: number },
): boolean {
  const rest = withoutHeaviest(
    cohorts,
    cohorts.map(({ part, whole }) => whole - part),
  );
  return (
    isUnder(ratioFigureOf(cohorts, devices), target) &&
    !isUnder(ratioFigureOf(rest, devices), target)
  );
}

/** Variance of a sum over cohorts, from deviations that are 0 on average. One cohort alone shows none. */
export function varianceOf(deviations: readonly number[]): Pick<Estimate, 'variance' | 'degrees'> {
  const degrees = Math.max(1, deviations.length - 1);
  const squares = deviations.reduce((sum, z) => sum + z ** 2, 0);
  return { variance: (squares * (degrees + 1)) / degrees, degrees };
}
