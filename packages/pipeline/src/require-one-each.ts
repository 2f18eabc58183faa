import { Misfit } from './step.js';

/**
 * For steps that subtract a number and divide by another.
 *
 * @param count of channels or columns
 * @param parameters the numbers to subtract, then those to divide by, under their names
 * @throws Misfit unless each list has one number for each, and no divisor is zero
 */
export function requireOneEach(
  count: number,
  parameters: Readonly<Record<string, readonly number[]>>,
): void {
  const names = Object.keys(parameters).join(' and ');
  const lengths = Object.values(parameters).map(({ length }) => length);
  if (lengths.some((length) => length !== count)) {
    throw new Misfit(`${count} numbers each in ${names}`, lengths.join(' and '));
  }
  const [divisor, divisors] = Object.entries(parameters).at(-1) ?? [];
  if (divisors?.includes(0)) throw new Misfit(`${divisor} without zeros`, '0');
}
