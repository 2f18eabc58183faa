import { Misfit } from './step.js';

/**
 * For steps that subtract a number and divide by another.
 *
 * @param count of channels or columns
 * @throws Misfit unless each list has one number for each, and no divisor is zero
 */
export function requireOneEach(
  count: number,
  [subtracted, divisors]: readonly [NamedNumbers, NamedNumbers],
): void {
  if (subtracted.numbers.length !== count || divisors.numbers.length !== count) {
    throw new Misfit(
      `${count} numbers each in ${subtracted.name} and ${divisors.name}`,
      `${subtracted.numbers.length} and ${divisors.numbers.length}`,
    );
  }
  if (divisors.numbers.includes(0)) throw new Misfit(`${divisors.name} without zeros`, '0');
}

interface NamedNumbers {
  readonly name: string;
  readonly numbers: readonly number[];
}
