import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  NO_DEFAULTS,
  planServing,
} from '../../packages/nearside/dist/page/options/plan-opening.js';
import { startCounting } from '../../packages/nearside/dist/page/telemetry/later/counting.js';
import { sealReport } from '../../packages/nearside/dist/page/telemetry/later/seal-report.js';
import {
  createTally,
  feedbackOfAge,
  increment,
  tallyFailedOpen,
  tallyObservation,
  tallyRun,
  updateOf,
} from '../../packages/nearside/dist/page/telemetry/later/tally.js';
import {
  createLifetime,
  createReportTotals,
} from '../../packages/nearside/dist/page/telemetry/recorded.js';
import { createModelEmitter } from '../../packages/nearside/dist/shared/api/events.js';
import { row } from '../row.mjs';
import { sized } from '../sized.js';

const MODELS = new URL('../../models/', import.meta.url);
const RUNS = sized(100_000, 1000);
const ROUNDS = sized(7);

/** Nobody listens there: what is sealed waits. */
const NOWHERE = 'http://127.0.0.1:9/';

const DIMENSIONS = {
  model: 'digits',
  version: '1.12.3',
  manifest: 'ab'.repeat(32),
  variant: 'int8',
  backend: 'onnx-wasm',
  library: '0.1.0',
  app: '2026.11.2',
  device: 'desktop-small',
  arm: 'canary',
  assigned: '1.12.3',
  experiment: '01234567',
  weight: 1,
};

/** What counting one run takes, everything that a page does for it: latency, distributions, feedback's memory. */
export function recordRow() {
  const served = {
    version: {
      release: { model: 'digits', version: '1.12.3', sequence: 1 },
      manifestSha256: 'ab'.repeat(32),
      assignment: { arm: 'canary', version: '1.12.3', experiment: '01234567' },
    },
    variant: { name: 'int8' },
    backend: 'onnx-wasm',
    loaded: { baseline: { hash: '0'.repeat(16), confidence: 0, class: 1, labels: ['1', '7'] } },
  };
  const observation = { bins: [9, 3, 0, 5, 1, 6], predicted: '7', substituted: [] };
  const reply = { times: { pre: 1, run: 7, post: 0.2 }, observation, batch: 1, output: [] };
  const micros = Array.from({ length: ROUNDS }, () => {
    const counting = startCounting({
      plan: {
        ...planServing({ report: NOWHERE }, { hosted: [], defaults: NO_DEFAULTS }),
        store: 'memory',
        address: { model: 'digits' },
      },
      identity: { id: '0'.repeat(32), cohort: 3 },
      emitter: createModelEmitter(),
      lifetime: createLifetime(),
      totals: createReportTotals(),
      early: [],
      lostEarly: 0,
    });
    const outcome = { kind: 'ok', reply, queueMs: 0.3 };
    const run = {
      kind: 'ran',
      served,
      totalMs: 8.5,
      waiting: 0,
      series: undefined,
      heapBytes: 2e7,
      outcome,
    };
    const startMs = performance.now();
    for (let i = 0; i < RUNS; i += 1) {
      counting.count({ ...run, id: `0badcafe-${i}`, atMs: Date.now() });
    }
    const tookMs = performance.now() - startMs;
    void counting.close();
    return (tookMs * 1000) / RUNS;
  }).sort((a, b) => a - b);
  return row('record-us', {
    value: micros[ROUNDS >> 1],
    unit: 'µs',
    interval: [micros[0], micros.at(-1)],
    atMost: 20,
  });
}

/** Of a window of digits with 300 runs; and of one in which everything happened that a report can say. */
export async function reportRows() {
  const baseline = await readFile(new URL('digits/baseline.json', MODELS));
  const hash = createHash('sha256').update(baseline).digest('hex').slice(0, 16);
  const { distributions } = JSON.parse(baseline);
  const context = {
    id: '0123456789abcdef'.repeat(2),
    cohort: 7,
    startMs: 1_795_000_000_000,
    endMs: 1_795_000_300_000,
    dimensions: DIMENSIONS,
    baseline: hash,
  };
  const sizes = [typicalWindow(distributions), fullWindow()].map((tally) =>
    Buffer.byteLength(JSON.stringify(sealReport(tally, context))),
  );
  return [
    row('report-bytes-typical', { value: sizes[0], unit: 'bytes', atMost: 1300 }),
    row('report-bytes-worst', { value: sizes[1], unit: 'bytes', atMost: 8192 }),
  ];
}

function typicalWindow(distributions) {
  const tally = createTally();
  for (let i = 0; i < 300; i += 1) {
    const run = 6 + 3 * Math.random();
    const durations = {
      queue: 0.2 + Math.random() / 5,
      pre: 1 + Math.random() / 2,
      run,
      post: 0.1,
    };
    const total = Object.values(durations).reduce((sum, ms) => sum + ms);
    tally.busyMs += run;
    tally.heapPeakBytes = 33_554_432;
    tallyRun(tally, { ...durations, total }, i === 0);
    const bins = distributions.map(({ counts }) => drawFrom(counts));
    tallyObservation(tally, { bins, predicted: '7', substituted: [] });
  }
  return tally;
}

/** A bin, as likely as its count says. */
function drawFrom(counts) {
  let left = Math.random() * counts.reduce((sum, n) => sum + n);
  for (const [bin, n] of counts.entries()) {
    left -= n;
    if (left < 0) return bin;
  }
  return 0;
}

function fullWindow() {
  const tally = createTally();
  for (let i = 0; i < 5_000; i += 1) {
    const total = Math.exp(12 * Math.random() - 2);
    const durations = { total, queue: total / 9, pre: total / 7, run: total / 2, post: total / 8 };
    tallyRun(tally, durations, true);
    const bins = Array.from({ length: 16 }, () => Math.floor(32 * Math.random()));
    const substituted = [[i % 64, 'missing']];
    tallyObservation(tally, { bins, predicted: '7', substituted });
  }
  for (let i = 0; i < 40; i += 1) {
    increment(tally.errors, `an-error-of-code-${i}`, 1000);
    tallyFailedOpen(tally, `an-error-of-code-${i}`);
    increment(updateOf(tally, `1.0.${i % 4}`).failed, `an-error-of-code-${i}`);
    const days = feedbackOfAge(tally, i % 8);
    increment(days.confusion, `${i},${i + 1}`, 1000);
    days.bins.push([1000, 900]);
  }
  for (const name of ['accepted', 'corrected', 'minutes', 'sold']) {
    tally.outcomes.set(name.repeat(7), [1000, 12_345.678, 1_234_567.8]);
  }
  return tally;
}
