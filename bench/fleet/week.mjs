import { startFleetCollector } from './collector.mjs';
import { activityAt, makeDevices } from './devices.mjs';
import { drawsOf } from './random.mjs';
import { keepTruth } from './truth.mjs';
import { liveWindow } from './windows.mjs';

const WINDOW_MS = 300_000;
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** A Monday. */
const START_MS = Date.UTC(2026, 2, 2);

/** Of reports: sent once more because an answer was lost; sent hours late by a device without a network. */
const DUPLICATES = 0.01;
const LATE = 0.03;
/** Of windows: lost with a tab that was killed. Nobody can count them. */
const KILLED = 0.02;
/** Requests under way. */
const AT_ONCE = 32;

/**
 * A week of a fleet, told to a collector over HTTP as devices do.
 *
 * @param {string} file where the collector keeps it
 * @param {{ reports: number, devices: number, seed: number }} options
 */
export async function simulateWeek(file, { reports, devices: count, seed }) {
  const startedMs = performance.now();
  const draws = drawsOf(seed);
  const devices = makeDevices(count, draws);
  const pick = pickByUse(devices, draws);
  const collector = await startFleetCollector(file, START_MS);
  const { truth, add, quantiles } = keepTruth();
  const sent = { duplicates: 0 };
  /** Of devices without a network, by the slot in which they come back. */
  const waiting = new Map();

  for (const { slot, atMs, share } of slots()) {
    const due = Math.round(reports * share) - truth.reports;
    await collector.moveClock(atMs + WINDOW_MS + 1000);
    const queue = waiting.get(slot) ?? [];
    waiting.delete(slot);
    for (const device of pick(Math.max(0, due))) {
      if (draws.chance(KILLED)) continue;
      const window = liveWindow(device, atMs, draws);
      const { report } = window;
      const { skewMs } = device;
      add(window);
      const isLate = draws.chance(LATE);
      const back = isLate ? slot + 1 + draws.below(200) : slot;
      const copies = draws.chance(DUPLICATES) ? 2 : 1;
      sent.duplicates += copies - 1;
      const into = back === slot || back > LAST_SLOT ? queue : (waiting.get(back) ?? []);
      if (into !== queue) waiting.set(back, into);
      for (let copy = 0; copy < copies; copy += 1) into.push({ report, skewMs });
    }
    await sendAll(queue, { collector, nowMs: atMs + WINDOW_MS });
  }
  for (const queue of waiting.values()) {
    await sendAll(queue, { collector, nowMs: START_MS + WEEK_MS });
  }
  const counted = await readCounted(collector);
  const [p50Ms, p95Ms, p99Ms] = quantiles(0.5, 0.95, 0.99);
  const sizes = await collector.close();
  const seconds = (performance.now() - startedMs) / 1000;
  return { truth: { ...truth, p50Ms, p95Ms, p99Ms }, sent, counted, ...sizes, seconds };
}

const LAST_SLOT = WEEK_MS / WINDOW_MS - 1;

/** Windows of the week, each with the share of all reports that are sent by its end. */
function slots() {
  const found = Array.from({ length: LAST_SLOT + 1 }, (_, slot) => {
    const atMs = START_MS + slot * WINDOW_MS;
    return { slot, atMs, activity: activityAt(atMs) };
  });
  const all = found.reduce((sum, { activity }) => sum + activity, 0);
  let soFar = 0;
  return found.map(({ slot, atMs, activity }) => {
    soFar += activity;
    return { slot, atMs, share: soFar / all };
  });
}

/** Different devices, the more used ones more often. */
function pickByUse(devices, draws) {
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

/** As so many connections do: each sends its next when it is answered. Devices say what time they have. */
async function sendAll(queue, { collector, nowMs }) {
  let next = 0;
  async function sendOn() {
    while (next < queue.length) {
      const { report, skewMs } = queue[next];
      next += 1;
      const status = await collector.send({ ...report, sent: Math.round(nowMs + skewMs) });
      if (status !== 204) throw new Error(`expected 204, got ${status}`);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
}

/** What the collector says of the week. */
async function readCounted(collector) {
  const from = START_MS - 24 * HOUR_MS;
  const to = START_MS + WEEK_MS + 24 * HOUR_MS;
  const range = `from=${from}&to=${to}&step=${6 * HOUR_MS}`;
  const { total } = await collector.read(`/v1/fleet/latency?model=digits&${range}`);
  const metrics = await collector.read('/metrics');
  const reportsBy = (outcome) => {
    const line = new RegExp(
      `^nearside_collector_reports_total\\{outcome="${outcome}"\\} (\\d+)`,
      'm',
    );
    return Number(line.exec(metrics)?.[1] ?? 0);
  };
  const { count, successRate, p50Ms, p95Ms, p99Ms } = total;
  const ok = Math.round(count * (successRate ?? 1));
  return {
    reports: reportsBy('accepted'),
    duplicates: reportsBy('duplicate'),
    ok,
    failed: count - ok,
    p50Ms,
    p95Ms,
    p99Ms,
  };
}
