/** Shares of a fleet, and how much slower than the fastest each is. */
const CLASSES = [
  ['phone', 0.5, 3],
  ['tablet', 0.08, 2.2],
  ['desktop-small', 0.22, 1.5],
  ['desktop-large', 0.18, 1],
  ['other', 0.02, 2.5],
];
const BACKENDS = [
  ['tfjs-wasm', 'uint8', 0.35, 1.1],
  ['onnx-wasm', 'int8', 0.5, 1],
  ['onnx-webgpu', 'fp32', 0.15, 0.6],
];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Devices that stay who they are over all windows: how fast, how often used, how wrong their clocks. */
export function makeDevices(count, draws) {
  return Array.from({ length: count }, () => makeDevice(draws));
}

function makeDevice(draws) {
  const [device, , classFactor] = draws.weighted(CLASSES.map((one) => [one, one[1]]));
  const [backend, variant, , backendFactor] = draws.weighted(BACKENDS.map((one) => [one, one[2]]));
  return {
    cohort: draws.below(64),
    device,
    backend,
    variant,
    /** Of its median run, ms; devices of one class differ too. */
    medianMs: 12 * classFactor * backendFactor * Math.exp(0.35 * draws.normal()),
    /** Few have most of the runs, and few most of the failures. */
    use: Math.min(draws.pareto(1.2), 200),
    failing: draws.chance(0.05) ? 0.1 : 0.004,
    /** Some see other inputs than most: the share of its runs in each bin of confidence. */
    sure: Math.min(0.98, Math.max(0.3, 0.85 + 0.15 * draws.normal())),
    skewMs: skewOf(draws),
    bucket: draws.below(10_000),
    app: draws.chance(0.8) ? '2026.3' : '2026.2',
    /** Where a version kills the page before it reports. */
    dies: draws.chance(0.2),
    /** What it last was the first of, by kind. */
    firsts: new Map(),
  };
}

/** Most clocks are right; some are hours off, a very few a year. */
function skewOf(draws) {
  if (draws.chance(0.0002)) return 365 * 24 * HOUR_MS;
  if (draws.chance(0.01)) return (draws.uniform() - 0.5) * 12 * HOUR_MS;
  return 2_000 * draws.normal();
}

/** How busy a moment of the week is, 1 on average: quiet nights, fewer at weekends. */
export function activityAt(ms) {
  const date = new Date(ms);
  const hour = date.getUTCHours() + date.getUTCMinutes() / 60;
  const daily = 1 + 0.8 * Math.cos(((hour - 15) / 24) * 2 * Math.PI);
  const weekend = [0, 6].includes(date.getUTCDay()) ? 0.7 : 1.12;
  return daily * weekend;
}

/** Different devices, the more used ones more often. */
export function pickByUse(devices, draws) {
  const sums = new Float64Array(devices.length);
  let total = 0;
  for (const [i, { use }] of devices.entries()) {
    total += use;
    sums[i] = total;
  }
  function one() {
    const wanted = draws.uniform() * total;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= wanted) low = middle + 1;
      else high = middle;
    }
    return devices[low];
  }
  return (count) => {
    const picked = new Set();
    while (picked.size < Math.min(count, devices.length)) picked.add(one());
    return picked;
  };
}
