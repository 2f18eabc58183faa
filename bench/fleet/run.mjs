// npm run fleet -- [--reports <n>] [--seed <n>] [--scenario <name>] [--json]
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seeded } from '../collector/reports.mjs';
import { row } from '../row.mjs';
import { activity, createDevice, WINDOW_MS, windowOf } from './device.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { createSenders } from './senders.mjs';

/** (base − 1) ÷ (base + 1) at scale 3. */
const SKETCH_BOUND = 0.0434;
const DUPLICATES = 0.01;
const OFFLINE_HOURS = 8;

const { values: options } = parseArgs({
  options: {
    reports: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    scenario: { type: 'string', default: 'quiet' },
    json: { type: 'boolean', default: false },
  },
});
const scenario = SCENARIOS[options.scenario];
if (!scenario)
  throw new Error(`expected one of ${Object.keys(SCENARIOS)}, got ${options.scenario}`);
const wanted = Number(options.reports);
const random = seeded(Number(options.seed));
const startMs = Date.UTC(2026, 2, 2);
const windows = (scenario.days * 86_400_000) / WINDOW_MS;

const dir = await mkdtemp(`${tmpdir()}/nearside-fleet-`);
const file = `${dir}/fleet.sqlite`;
const collector = await startAt(file, startMs);
const senders = createSenders(collector.port);
const devices = await population();
const truth = { reports: 0, calls: 0, latencies: [] };
const outbox = new Map();
const memory = [];

for (let i = 0; i < windows && truth.reports < wanted; i += 1) {
  const endMs = startMs + (i + 1) * WINDOW_MS;
  await collector.setTime(endMs);
  await senders.sendAll(dueAt(i, endMs));
  if (i % 50 === 0) memory.push(await memoryBytes());
}
await senders.sendAll(
  [...outbox.values()]
    .flat()
    .map(({ report, device }) => sealed(report, device, startMs + windows * WINDOW_MS)),
);
const results = await compare();
senders.close();
await collector.end();
await rm(dir, { recursive: true, force: true });

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
if (options.json) console.log(JSON.stringify({ suite: 'fleet', machine, results }));
else
  for (const { ok, name, value, unit, target } of results)
    console.log(ok ? '✓' : '✗', name, value, unit, target);

/** As many devices as make the reports that are wanted. */
async function population() {
  const sample = Array.from({ length: 500 }, (_, i) => createDevice(i, random));
  let perDevice = 0;
  for (const device of sample) {
    for (let i = 0; i < windows; i += 24) {
      perDevice +=
        (24 * (1 - Math.exp(-activity(device, startMs + i * WINDOW_MS)))) / sample.length;
    }
  }
  const count = Math.ceil((1.1 * wanted) / perDevice);
  return Array.from({ length: count }, (_, i) => createDevice(i, random));
}

/** Bodies that arrive with the end of a window: its reports, those held back, and resends. */
function dueAt(index, endMs) {
  const bodies = (outbox.get(index) ?? []).map(({ report, device }) =>
    sealed(report, device, endMs),
  );
  outbox.delete(index);
  for (const device of devices) {
    if (truth.reports >= wanted) break;
    const given = scenario.at(device, endMs);
    const window = windowOf(device, {
      ...given,
      model: scenario.model,
      startMs: endMs - WINDOW_MS,
      id: randomUUID().replaceAll('-', ''),
      random,
    });
    if (!window || random() < device.killed) continue;
    truth.reports += 1;
    truth.calls += window.calls;
    for (const ms of window.latencies) truth.latencies.push(ms);
    if (device.offline && random() < 0.1) {
      hold(index + Math.ceil(random() * OFFLINE_HOURS * 12), { report: window.report, device });
      continue;
    }
    bodies.push(sealed(window.report, device, endMs));
    // its answer was lost
    if (random() < DUPLICATES) hold(index + 1, { report: window.report, device });
  }
  return bodies;
}

function hold(index, held) {
  outbox.set(index, [...(outbox.get(index) ?? []), held]);
}

function sealed(report, { clockOffMs }, nowMs) {
  return JSON.stringify({
    ...report,
    sent: Math.round(nowMs + clockOffMs),
    t0: Math.round(report.t0),
  });
}

async function compare() {
  const to = startMs + (windows + 12) * WINDOW_MS;
  const query = `model=${scenario.model}&from=${startMs - 86_400_000}&to=${to}`;
  const { total } = await (await fetch(`${collector.url}/v1/fleet/latency?${query}`)).json();
  truth.latencies.sort((a, b) => a - b);
  const errors = [0.5, 0.95, 0.99].map((q) => {
    const exact = truth.latencies[Math.ceil(q * truth.latencies.length) - 1];
    return Math.abs(total[`p${q * 100}Ms`] / exact - 1);
  });
  const { size } = await stat(file);
  return [
    row('counted', {
      value: total.reports,
      unit: `reports of ${devices.length} devices, with 1 % resends`,
      atLeast: truth.reports,
      atMost: truth.reports,
    }),
    row('calls-counted', {
      value: total.count,
      unit: 'calls',
      atLeast: truth.calls,
      atMost: truth.calls,
    }),
    row('percentile-error', {
      value: Math.max(...errors),
      unit: 'largest of p50, p95, p99',
      atMost: SKETCH_BOUND,
    }),
    row('memory-peak-mib', { value: Math.max(...memory) / 2 ** 20, unit: 'MiB' }),
    row('database-mib', { value: size / 2 ** 20, unit: 'MiB' }),
  ];
}

async function memoryBytes() {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  return Number(/^nearside_collector_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}

async function startAt(path, nowMs) {
  const script = fileURLToPath(new URL('fleet-server.mjs', import.meta.url));
  const child = fork(script, [path, String(nowMs)]);
  const [ready] = await once(child, 'message');
  return {
    ...ready,
    async setTime(ms) {
      const answered = once(child, 'message');
      child.send(ms);
      await answered;
    },
    async end() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
