/**
 * How much is measured: `full`, or with `--quick` as little as shows that it runs. `run.mjs` tells the process of a suite, and
 * `build-page.mjs` the pages that it builds.
 *
 * @param {number} full
 */
export function sized(full, quick = 1) {
  return process.env.BENCH_QUICK === '1' ? quick : full;
}
