import sketches from '@datadog/sketches-js';
import { createHistogram, merge, record } from '@nearside/core';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { ExponentialHistogramAccumulation, ExponentialHistogramAggregator } from './otel.mjs';

/** ±4.33 %, as scale 3 has. */
const ACCURACY = 0.0433;
const VALUES = sized(200_000, 20_000);
const WINDOWS = sized(400, 40);
const PER_WINDOW = 300;
const ROUNDS = sized(15);

/** Latencies of a fleet: log-normal around 30 ms. */
const values = Float64Array.from({ length: VALUES }, () => 30 * Math.exp(0.8 * normal()));

const OURS = {
  create: () => createHistogram(3),
  insert: record,
  merge(into, other) {
    merge(into, other);
    return into;
  },
};
const DATADOG = {
  create: () => new sketches.DDSketch({ relativeAccuracy: ACCURACY }),
  insert: (sketch, value) => sketch.accept(value),
  merge(into, other) {
    into.merge(other);
    return into;
  },
};
const otel = new ExponentialHistogramAggregator(160, true);
const OPEN_TELEMETRY = {
  create: () => new ExponentialHistogramAccumulation([0, 0], 160, true),
  insert: (histogram, value) => histogram.record(value),
  merge: (into, other) => otel.merge(into, other),
};

/** Of ours to the faster of the others, in turns. */
export function histogramRows() {
  return [
    ratioRow('histogram-insert-ratio', timeInserts),
    ratioRow('histogram-merge-ratio', timeMerges),
  ];
}

function ratioRow(name, time) {
  const kinds = [OURS, DATADOG, OPEN_TELEMETRY];
  for (const kind of kinds) time(kind); // compiled
  const ratios = Array.from({ length: ROUNDS }, () => {
    const [ours, ...others] = kinds.map(time);
    return ours / Math.min(...others);
  }).sort((a, b) => a - b);
  const at = (q) => ratios[Math.round(q * (ratios.length - 1))];
  return row(name, {
    value: at(0.5),
    unit: '× the faster of sketches-js and OpenTelemetry',
    interval: [at(0.1), at(0.9)],
    atMost: 1,
  });
}

function timeInserts({ create, insert }) {
  const histogram = create();
  const startMs = performance.now();
  for (const value of values) insert(histogram, value);
  return performance.now() - startMs;
}

function timeMerges({ create, insert, merge }) {
  const windows = Array.from({ length: WINDOWS }, (_, i) => {
    const histogram = create();
    for (const value of values.subarray(i * PER_WINDOW, (i + 1) * PER_WINDOW)) {
      insert(histogram, value);
    }
    return histogram;
  });
  let all = create();
  const startMs = performance.now();
  for (const window of windows) all = merge(all, window);
  return performance.now() - startMs;
}

/** Box and Muller. */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
