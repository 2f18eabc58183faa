import { createHistogram, histogramToJson, record } from '@nearside/core';

const DAY_MS = 86_400_000;
export const WINDOW_MS = 300_000;

const CLASSES = [
  // share, how fast beside the median
  { device: 'phone', share: 0.55, slowness: 1.6, backend: 'onnx-wasm' },
  { device: 'tablet', share: 0.1, slowness: 1.3, backend: 'onnx-wasm' },
  { device: 'desktop-small', share: 0.2, slowness: 0.9, backend: 'tfjs-wasm' },
  { device: 'desktop-large', share: 0.15, slowness: 0.5, backend: 'onnx-webgpu' },
];

/**
 * A device that persists over windows: how fast it is, how much it is used and when, how its clock is off. Nobody's use is
 * average: a few devices make most of the calls.
 */
export function createDevice(index, random) {
  const kind = pickKind(random());
  const slowness = kind.slowness * Math.exp(0.4 * normal(random));
  const callsPerHour = Math.min(2000, 0.4 / random() ** 0.9);
  return {
    index,
    ...kind,
    slowness,
    callsPerHour,
    cohort: Math.floor(random() * 64),
    bucket: Math.floor(random() * 10_000),
    clockOffMs: clockOff(random),
    zoneHours: Math.floor(random() * 24),
    /** Share of the windows that end without a report: the tab was killed. */
    killed: random() < 0.1 ? 0.2 : 0.01,
    /** Hours without a network, now and then. */
    offline: random() < 0.05,
    firstDay: undefined,
  };
}

/** Most clocks are right; some are minutes off, a few have a wrong zone or a wrong year. */
function clockOff(random) {
  const kind = random();
  const sign = random() < 0.5 ? -1 : 1;
  if (kind < 0.9) return 0;
  if (kind < 0.98) return sign * random() * 20 * 60_000;
  if (kind < 0.998) return sign * 6 * 3_600_000;
  return sign * 365 * DAY_MS;
}

/** How often it is used at a time: little at night, less at weekends. */
export function activity({ callsPerHour, zoneHours }, timeMs) {
  const hour = (timeMs / 3_600_000 + zoneHours) % 24;
  const daily = 0.15 + 0.85 * Math.max(0, Math.sin(((hour - 6) / 18) * Math.PI));
  const weekday = new Date(timeMs).getUTCDay();
  return ((callsPerHour * daily) / 12) * (weekday === 0 || weekday === 6 ? 0.6 : 1);
}

/** What a device counted in a window, and the report that says so. */
export function windowOf(device, { startMs, version, model, failureRate, speed, id, random }) {
  const calls = poisson(activity(device, startMs), random);
  if (calls === 0) return undefined;
  const failed = binomial(calls, failureRate, random);
  const latencies = Array.from(
    { length: calls - failed },
    () => 20 * device.slowness * speed * Math.exp(0.5 * normal(random)),
  );
  const t0 = startMs + device.clockOffMs;
  const day = Math.floor(t0 / DAY_MS);
  const isFirst = device.firstDay !== `${day} ${version}`;
  device.firstDay = `${day} ${version}`;
  const total = createHistogram(3);
  for (const ms of latencies) record(total, ms);
  const report = {
    v: 1,
    id,
    g: device.cohort,
    first: isFirst ? ['version-day'] : [],
    t0,
    dt: WINDOW_MS,
    sent: 0,
    dimensions: {
      model,
      version,
      manifest: 'ab'.repeat(32),
      library: '0.1.0',
      variant: 'int8',
      backend: device.backend,
      device: device.device,
      weight: 1,
    },
    health: {
      ok: latencies.length,
      ...(failed > 0 && { errors: { deadline: failed } }),
    },
    ...(latencies.length > 0 && { latency: { total: histogramToJson(total) } }),
  };
  return { report, latencies, calls };
}

function pickKind(at) {
  let sum = 0;
  for (const kind of CLASSES) {
    sum += kind.share;
    if (at < sum) return kind;
  }
  return CLASSES[0];
}

export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function poisson(mean, random) {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let n = 0;
  for (let product = random(); product > limit; product *= random()) n += 1;
  return n;
}

function binomial(n, p, random) {
  let k = 0;
  for (let i = 0; i < n; i += 1) if (random() < p) k += 1;
  return k;
}
