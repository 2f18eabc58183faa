/** @param {readonly number[]} values not empty */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Resamples; more change the interval's second digit no longer. */
const RESAMPLES = 2000;

/**
 * Percentile bootstrap (Efron 1979): the 95 % interval of the median of `values`.
 *
 * @param {readonly number[]} values
 * @returns {[number, number]}
 */
export function medianInterval(values) {
  return intervalOf(values, median);
}

/** The value that 95 % of all stay below, by nearest rank. */
export function p95(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1];
}

/** @param {(values: readonly number[]) => number} statistic @param {() => number} [random] 0 up to 1 */
export function intervalOf(values, statistic, random = Math.random) {
  const statistics = Array.from({ length: RESAMPLES }, () =>
    statistic(values.map(() => values[Math.floor(random() * values.length)])),
  ).sort((a, b) => a - b);
  return [statistics[Math.floor(0.025 * RESAMPLES)], statistics[Math.ceil(0.975 * RESAMPLES) - 1]];
}
