import { dirname } from 'node:path';
import { readAnswers } from './answers.mjs';
import { startFleetCollector } from './collector.mjs';
import { tallyFaults, tallyUpdate, updateDevice } from './device-faults.mjs';
import { activityAt, makeDevices, pickByUse } from './devices.mjs';
import { isLookedAt, isSilent, releasesAt } from './fleet-scenarios.mjs';
import { forgedReports } from './forge.mjs';
import { keepReports } from './keep-reports.mjs';
import { openKnownFiles } from './known-files.mjs';
import { drawsOf } from './random.mjs';
import { assignmentOf } from './releases.mjs';
import { keepTruth } from './truth.mjs';
import { liveWindow, sealWindow } from './windows.mjs';

const WINDOW_MS = 300_000;

/** Of reports: sent once more because an answer was lost; sent hours late by a device without a network. */
const DUPLICATES = 0.01;
const LATE = 0.03;
/** Of windows: lost with a tab that was killed. Nobody can count them. */
const KILLED = 0.02;
/** Requests under way. */
const AT_ONCE = 32;
/** An hour is judged when its reports have come in. */
const COME_IN_MS = 3 * WINDOW_MS;

/**
 * Some time of a fleet, told to a collector over HTTP as devices do.
 *
 * @param {string} file where the collector keeps it
 * @param {{
 *   reports: number,
 *   devices: number,
 *   seed: number,
 *   scenario: import('./fleet-scenarios.mjs').FleetScenario,
 *   keep?: string,
 * }} options `keep`: a folder for the reports that were counted, for what the collector answered, and for its file
 */
export async function simulateFleet(file, { reports, devices: count, seed, scenario, keep }) {
  const startedMs = performance.now();
  const { startMs, endMs } = scenario;
  const draws = drawsOf(seed);
  const devices = makeDevices(count, draws);
  const pick = pickByUse(devices, draws);
  const known = await openKnownFiles(dirname(file), scenario, drawsOf(seed + 1));
  let releases = releasesAt(scenario, startMs);
  await known.writeModels(releases);
  const collector = await startFleetCollector(file, {
    nowMs: startMs,
    looksEveryMs: scenario.looksEveryMs ?? WINDOW_MS,
    ...known.files,
  });
  const kept = await keepReports(keep);
  const { truth, add, quantiles } = keepTruth();
  const sent = { duplicates: 0, forged: 0 };
  const windowOf = windowsOf(scenario, { draws, more: drawsOf(seed + 2) });
  const lastSlot = (endMs - startMs) / WINDOW_MS - 1;
  /** Of devices without a network, by the slot in which they come back. */
  const waiting = new Map();
  const waitUntil = (slot, ...queue) => {
    waiting.set(slot, [...(waiting.get(slot) ?? []), ...queue]);
  };

  for (const { slot, atMs, share } of slotsOf(scenario)) {
    if (releasesAt(scenario, atMs) !== releases) {
      releases = releasesAt(scenario, atMs);
      await collector.moveClock(atMs);
      await known.writeModels(releases);
      await collector.reloadModels();
    }
    const due = Math.round(reports * share) - truth.reports;
    await collector.moveClock(atMs + WINDOW_MS + 1000);
    const queue = waiting.get(slot) ?? [];
    waiting.delete(slot);
    if (isSilent(scenario, atMs)) {
      waitUntil(slot + 1, ...queue);
      if (isLookedAt(scenario, atMs, WINDOW_MS)) await collector.look();
      continue;
    }
    for (const device of pick(Math.max(0, due))) {
      if (draws.chance(KILLED)) continue;
      const window = windowOf(device, { atMs, releases });
      if (!window) continue;
      const { report } = window;
      const { skewMs } = device;
      add(window);
      const isLate = draws.chance(LATE);
      const back = isLate ? slot + 1 + draws.below(200) : slot;
      const copies = draws.chance(DUPLICATES) ? 2 : 1;
      sent.duplicates += copies - 1;
      const all = Array.from({ length: copies }, () => ({ report, skewMs }));
      if (back === slot || back > lastSlot) queue.push(...all);
      else waitUntil(back, ...all);
    }
    if (scenario.forges) {
      const forged = forgedReports(atMs, draws);
      sent.forged += forged.length;
      queue.push(...forged);
    }
    await sendAll(queue, { collector, kept, nowMs: atMs + WINDOW_MS });
    if (isLookedAt(scenario, atMs, WINDOW_MS)) await collector.look();
  }
  for (const queue of waiting.values()) await sendAll(queue, { collector, kept, nowMs: endMs });
  const nowMs = endMs + COME_IN_MS;
  await collector.moveClock(nowMs);
  const answers = await readAnswers(collector, scenario);
  const sizes = await collector.close();
  await kept.close({ ...known.files, file, answers, simulated: { startMs, endMs, nowMs } });
  const [p50Ms, p95Ms, p99Ms] = quantiles(0.5, 0.95, 0.99);
  const seconds = (performance.now() - startedMs) / 1000;
  return { truth: { ...truth, p50Ms, p95Ms, p99Ms }, sent, answers, ...sizes, seconds };
}

/** What a device saw in a window, by what serves it then; nothing where its page died. */
function windowsOf({ trouble, software, faults }, { draws, more }) {
  return (device, { atMs, releases }) => {
    const assignment = assignmentOf(device, releases);
    const { version, update } = faults
      ? updateDevice(device, { version: assignment.version, faults }, more)
      : assignment;
    const wrong = trouble(device, version, atMs);
    if (wrong.dies) return undefined;
    const window = liveWindow(device, { startMs: atMs, trouble: wrong }, draws);
    const { tally } = window;
    const own = software?.(device, atMs) ?? { library: '0.1.0', app: device.app };
    if (update) tallyUpdate(tally, update);
    if (faults) tallyFaults(tally, { device, app: own.app, faults }, more);
    const about = { tally, startMs: atMs, version, assignment, software: own };
    return { ...window, report: sealWindow(device, about, draws) };
  };
}

/** Windows of a scenario, each with the share of all reports that are sent by its end. */
function slotsOf(scenario) {
  const { startMs, endMs } = scenario;
  const found = Array.from({ length: (endMs - startMs) / WINDOW_MS }, (_, slot) => {
    const atMs = startMs + slot * WINDOW_MS;
    return { slot, atMs, activity: isSilent(scenario, atMs) ? 0 : activityAt(atMs) };
  });
  const all = found.reduce((sum, { activity }) => sum + activity, 0);
  let soFar = 0;
  return found.map(({ slot, atMs, activity }) => {
    soFar += activity;
    return { slot, atMs, share: soFar / all };
  });
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
