import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readAnswers } from './answers.mjs';
import { startFleetCollector } from './collector.mjs';
import { activityAt, makeDevices } from './devices.mjs';
import { forgedReports } from './forge.mjs';
import { keepReports } from './keep-reports.mjs';
import { modelFacts } from './model.mjs';
import { drawsOf } from './random.mjs';
import { keepTruth } from './truth.mjs';
import { START_MS, WEEK_MS } from './week-scenarios.mjs';
import { liveWindow, versionOf } from './windows.mjs';

const WINDOW_MS = 300_000;

/** Of reports: sent once more because an answer was lost; sent hours late by a device without a network. */
const DUPLICATES = 0.01;
const LATE = 0.03;
/** Of windows: lost with a tab that was killed. Nobody can count them. */
const KILLED = 0.02;
/** Requests under way. */
const AT_ONCE = 32;
const PRICES = {
  currency: 'EUR',
  serverPerMillionInferences: 40,
  cdnPerGigabyte: 0.03,
  collectorPerMonth: 20,
};

/**
 * A week of a fleet, told to a collector over HTTP as devices do.
 *
 * @param {string} file where the collector keeps it
 * @param {{
 *   reports: number,
 *   devices: number,
 *   seed: number,
 *   scenario: import('./week-scenarios.mjs').WeekScenario,
 *   keep?: string,
 * }} options `keep`: a folder for the reports that were counted and for what the collector answered
 */
export async function simulateWeek(file, { reports, devices: count, seed, scenario, keep }) {
  const startedMs = performance.now();
  const draws = drawsOf(seed);
  const devices = makeDevices(count, draws);
  const pick = pickByUse(devices, draws);
  const known = await writeKnown(dirname(file), drawsOf(seed + 1));
  const collector = await startFleetCollector(file, { nowMs: START_MS, ...known });
  const kept = await keepReports(keep);
  const { truth, add, quantiles } = keepTruth();
  const sent = { duplicates: 0, forged: 0 };
  /** Of devices without a network, by the slot in which they come back. */
  const waiting = new Map();

  for (const { slot, atMs, share } of slots()) {
    const due = Math.round(reports * share) - truth.reports;
    await collector.moveClock(atMs + WINDOW_MS + 1000);
    const queue = waiting.get(slot) ?? [];
    waiting.delete(slot);
    for (const device of pick(Math.max(0, due))) {
      if (draws.chance(KILLED)) continue;
      const trouble = scenario.trouble(device, versionOf(device), atMs);
      if (trouble.dies) continue;
      const window = liveWindow(device, { startMs: atMs, trouble }, draws);
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
    if (scenario.forges) {
      const forged = forgedReports(atMs, draws);
      sent.forged += forged.length;
      queue.push(...forged);
    }
    await sendAll(queue, { collector, kept, nowMs: atMs + WINDOW_MS });
  }
  for (const queue of waiting.values()) {
    await sendAll(queue, { collector, kept, nowMs: START_MS + WEEK_MS });
  }
  // an hour is judged when its reports have come in
  await collector.moveClock(START_MS + WEEK_MS + 3 * WINDOW_MS);
  const answers = await readAnswers(collector);
  await kept.close({ ...known, answers });
  const [p50Ms, p95Ms, p99Ms] = quantiles(0.5, 0.95, 0.99);
  const sizes = await collector.close();
  const seconds = (performance.now() - startedMs) / 1000;
  return { truth: { ...truth, p50Ms, p95Ms, p99Ms }, sent, answers, ...sizes, seconds };
}

const LAST_SLOT = WEEK_MS / WINDOW_MS - 1;

/** What the collector is told in files. */
async function writeKnown(folder, draws) {
  await mkdir(folder, { recursive: true });
  const files = { models: `${folder}/models.json`, prices: `${folder}/prices.json` };
  await writeFile(files.models, JSON.stringify(modelFacts(draws)));
  await writeFile(files.prices, JSON.stringify(PRICES));
  return files;
}

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
async function sendAll(queue, { collector, kept, nowMs }) {
  let next = 0;
  async function sendOn() {
    while (next < queue.length) {
      const { report, skewMs } = queue[next];
      next += 1;
      const sealed = { ...report, sent: Math.round(nowMs + skewMs) };
      kept.add(sealed, nowMs + 1000);
      const status = await collector.send(sealed);
      if (status !== 204) throw new Error(`expected 204, got ${status}`);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
}
