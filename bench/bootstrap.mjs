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
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(Math.random() * values.length)])),
  ).sort((a, b) => a - b);
  return [medians[Math.floor(0.025 * RESAMPLES)], medians[Math.ceil(0.975 * RESAMPLES) - 1]];
}
