// What `canRun` estimates, and what runs of the same model with its own weights take.
import { canRun, open } from 'nearside';
import { sized } from '../sized.js';

/** Enough for the slowest model here to warm up. */
const MAX_MS = 60_000;

/** Runs before the timed ones, ms; and how long those go on, ms, and how many there are at least. */
const WARM_MS = sized(2_000, 50);
const TIMED_MS = sized(1_000, 50);
const LEAST_RUNS = sized(15);

globalThis.estimate = async ({ url, trust, backend, threads }) => {
  const { rows } = await canRun(url, {
    ...{ trust, backend, threads, maxMs: MAX_MS },
    store: 'memory',
  });
  return rows[0];
};

/** @returns the median of a run's time, ms */
globalThis.measure = async ({ url, trust, backend, threads, inputs }) => {
  const how = { trust, backend, threads, tune: 'off', isolate: true, store: 'memory' };
  const model = await open(url, how);
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { datatype, shape, values }]) => {
      const data = datatype === 'INT64' ? BigInt64Array.from(values) : Float32Array.from(values);
      return [name, { datatype, shape, data }];
    }),
  );
  const runFor = async (leastMs, leastRuns) => {
    const times = [];
    const endMs = performance.now() + leastMs;
    while (performance.now() < endMs || times.length < leastRuns) {
      const { meta } = await model.run({ tensors });
      times.push(meta.runMs);
    }
    return times;
  };
  await runFor(WARM_MS, LEAST_RUNS);
  const times = (await runFor(TIMED_MS, LEAST_RUNS)).sort((a, b) => a - b);
  await model.close();
  return times[times.length >> 1];
};

document.documentElement.dataset.state = 'ready';
