import { createHistogram, histogramToJson, record } from '@nearside/core';

export const VERSIONS = ['1.2.0', '1.3.0', '1.4.0', '1.5.0', '1.6.0'];
export const DEVICES = ['phone', 'tablet', 'desktop-small', 'desktop-large', 'server', 'other'];
export const BACKENDS = ['onnx-wasm', 'onnx-webgpu', 'tfjs-wasm', 'tfjs-webgpu'];

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A report as a device sends it after five minutes of use: about 1.2 KB. */
export function draftReport(random, { t0, sent, model = 'digits', ...given }) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const version = given.version ?? pick(VERSIONS);
  const total = Array.from({ length: 1 + Math.floor(random() * 30) }, () => latencyMs(random));
  const failed = random() < 0.05 ? 1 : 0;
  const stage = (share) => sketch(total, share, 2);
  return {
    v: 1,
    id: given.id ?? '0'.repeat(32),
    g: Math.floor(random() * 64),
    first: random() < 0.2 ? ['version-day', 'version-hour', 'arm-day'] : [],
    t0,
    dt: 300_000,
    sent,
    dimensions: {
      model,
      version,
      manifest: 'ab'.repeat(32),
      library: '0.1.0',
      variant: 'int8',
      backend: given.backend ?? pick(BACKENDS),
      device: given.device ?? pick(DEVICES),
      arm: version === '1.6.0' ? 'canary' : 'stable',
      assigned: version,
      experiment: '0f0f0f0f',
      weight: 1,
    },
    health: {
      ok: total.length,
      ...(failed && { errors: { deadline: failed } }),
      coldRuns: sketch(total.slice(0, 1), 1, 3),
      queueDepth: sketch(
        total.map(() => Math.floor(random() * 3)),
        1,
        2,
      ),
    },
    ...(random() < 0.3 && { opens: { tried: 1, store: sketch([60 + 200 * random()], 1, 2) } }),
    latency: {
      total: sketch(total, 1, 3),
      queue: stage(0.05),
      pre: stage(0.1),
      run: stage(0.8),
      post: stage(0.05),
    },
    resource: { heapPeakBytes: 40e6, busyMs: 80 },
    baseline: '0123456789abcdef',
    drift: {
      seen: total.length,
      counts: [bins(random, 10, total.length), bins(random, 10, total.length)],
    },
  };
}

/** Log-normal around 30 ms, with a tail. */
export function latencyMs(random) {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return 30 * Math.exp(0.6 * normal) * (random() < 0.01 ? 10 : 1);
}

function sketch(values, share, scale) {
  const histogram = createHistogram(scale);
  for (const value of values) record(histogram, value * share);
  return histogramToJson(histogram);
}

function bins(random, count, n) {
  const counts = new Array(count).fill(0);
  for (let i = 0; i < n; i += 1) counts[Math.floor(random() ** 2 * count)] += 1;
  return counts;
}
