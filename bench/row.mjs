/**
 * One line of a bench's results. It misses its target only when the whole interval does.
 *
 * @param {string} name
 * @param {{ value: number, unit: string, interval?: [number, number], atMost?: number, atLeast?: number }} measured
 *   a count, which every run repeats, needs no interval; a figure without a target has neither bound
 */
export function row(name, { value, unit, interval = [value, value], atMost, atLeast }) {
  const [low, high] = interval;
  const target = inWords({ atMost, atLeast });
  const ok = low <= (atMost ?? low) && high >= (atLeast ?? high);
  return { name, value, unit, interval, target, ok };
}

/** A line that could not be measured here, and why. */
export function missingRow(name, { unit, atMost, atLeast, missing }) {
  const target = inWords({ atMost, atLeast });
  return { name, value: null, unit, interval: null, target, ok: true, missing };
}

function inWords({ atMost, atLeast }) {
  if (atMost !== undefined) return `≤ ${atMost}`;
  return atLeast === undefined ? 'none' : `≥ ${atLeast}`;
}

/**
 * Takes rows as they are measured. One that fails ends it, and loses none of those before.
 *
 * @param {AsyncIterable<object>} measured
 * @returns {Promise<{ results: object[], error?: unknown }>}
 */
export async function collectRows(measured) {
  const results = [];
  try {
    for await (const one of measured) results.push(one);
  } catch (error) {
    return { results, error };
  }
  return { results };
}
