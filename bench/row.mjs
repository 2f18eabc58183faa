/**
 * One line of a bench's results. It misses its target only when the whole interval does.
 *
 * @param {string} name
 * @param {{ value: number, unit: string, interval?: [number, number], atMost?: number, atLeast?: number }} measured
 *   a count, which every run repeats, needs no interval; a figure without a target has neither bound
 */
export function row(name, { value, unit, interval = [value, value], atMost, atLeast }) {
  const [low, high] = interval;
  const target =
    atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : 'none';
  const ok = low <= (atMost ?? low) && high >= (atLeast ?? high);
  return { name, value, unit, interval, target, ok };
}

/** A line that could not be measured here, and why. */
export function missingRow(name, { unit, atMost, missing }) {
  return { name, value: null, unit, interval: null, target: `≤ ${atMost}`, ok: true, missing };
}
