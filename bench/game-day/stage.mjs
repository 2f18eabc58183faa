import { drawsOf } from '../fleet/random.mjs';
import { BROWSERS_LIMIT_MS, stepAutopilot } from './act.mjs';
import { openBrowsers } from './browsers.mjs';
import { openCollector } from './collector.mjs';
import { makeCrowd, WINDOW_MS } from './crowd.mjs';
import { openRepository } from './repository.mjs';
import { openTimeline } from './timeline.mjs';
import { BEFORE, SHIPPED } from './versions.mjs';

/** Simulated devices. */
const DEVICES = 3_000;
/** Of all devices: those that get what is shipped. */
const PERCENT = 25;
export const HOUR_MS = 3_600_000;

/**
 * A real stack: a repository, a collector, autopilot, five pages in one browser, and thousands of simulated devices. Its clock goes
 * on as the world’s does, and is moved ahead by five minutes at a time.
 *
 * @param {string} dir empty folder to work in
 * @param {{ packed: string, browser: import('@playwright/test').Browser, site: string, incident: object }} options
 */
export async function openStage(dir, { packed, browser, site, incident }) {
  const { kills, devices = DEVICES, trouble = () => ({}) } = incident;
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const repository = await openRepository(dir, { packed, now });
  const collector = await openCollector(dir, { models: repository.factsFile, now });
  const how = { ...repository.address, report: `${collector.url}/v1/reports` };
  const browsers = await openBrowsers(browser, { site, how, kills });
  const checks = [];
  await browsers.untilAllRun(BEFORE, BROWSERS_LIMIT_MS);
  return {
    incident,
    now,
    repository,
    collector,
    browsers,
    crowd: makeCrowd({ devices, seed: 1 }),
    timeline: openTimeline(now),
    draws: drawsOf(2),
    /** What is wrong on simulated devices. */
    trouble,
    /** Invented reports of a window. */
    forge: () => [],
    /** Reports that wait for the collector. */
    waiting: [],
    /** What was shipped: its experiment, and the sides of the browsers. */
    shipped: undefined,
    /** Simulated devices by the version that served them in the last window. */
    served: new Map(),
    /** Windows of simulated devices in which the version shipped served, and was not offered. */
    strays: 0,
    /** What the collector has said last. */
    findings: [],
    rollout: undefined,
    /** Lines of autopilot's log. */
    acts: [],
    /** From the act to the last of the open browsers. */
    wayBackMs: undefined,
    checks,
    /** @param {unknown} [got] told as it is now, where it is not so */
    check(name, isSo, got) {
      checks.push({ name, ok: isSo, ...(!isSo && { got: structuredClone(got) }) });
    },
    move(ms) {
      aheadMs += ms;
    },
    async close() {
      await browsers.close();
      await Promise.all([collector.close(), repository.close()]);
    },
  };
}

/** Ships a version to a part of all devices, and waits until those of the open browsers that are offered it have tried it. */
export async function release(stage, packed, { percent = PERCENT } = {}) {
  const { repository, browsers, timeline, collector } = stage;
  const { installs } = browsers;
  const shipped = await repository.ship(packed, { percent, installs, suits: isMixed });
  stage.shipped = shipped;
  timeline.note('released');
  await collector.learnFacts();
  const hasTried = (seen, i) =>
    shipped.arms[i] !== 'canary' || seen.byVersion[SHIPPED] || seen.deaths > 0;
  await browsers.until(hasTried, BROWSERS_LIMIT_MS);
  timeline.note('first device');
}

/** Devices run for five minutes and report, the collector looks, and autopilot takes a step. */
export async function passWindow(stage, { apartMs = WINDOW_MS } = {}) {
  const { now, repository, collector, crowd, timeline } = stage;
  const atMs = now();
  const published = { ...repository.published, experiment: stage.shipped?.experiment };
  const { reports, served, strays } = await crowd.window(atMs, {
    ...published,
    targets: await repository.targets(),
    isRepositoryUp: !repository.faults.isDown,
    trouble: stage.trouble,
  });
  stage.served = served;
  stage.strays += strays;
  if (timeline.has('taken back') && served.has(SHIPPED)) {
    timeline.noteLast('last device well', atMs + WINDOW_MS);
  }
  stage.waiting.push(...reports, ...stage.forge(atMs, published, stage.draws));
  stage.move(apartMs);
  if (collector.isUp()) {
    await collector.hear(stage.waiting.splice(0));
    const said = await collector.say();
    stage.rollout = said.rollout ?? stage.rollout;
    stage.findings = said.findings;
    if (said.rollout?.verdict.verdict === 'roll-back') timeline.note('detected');
  }
  await stepAutopilot(stage);
}

export async function passWindows(stage, count, how) {
  for (let i = 0; i < count; i += 1) await passWindow(stage, how);
}

/** Goes on until something is so. @returns {Promise<boolean>} false where it is not within so many hours */
export async function passUntil(stage, isSo, { hours, apartMs = WINDOW_MS }) {
  for (let i = 0; i < (hours * HOUR_MS) / apartMs; i += 1) {
    await passWindow(stage, { apartMs });
    if (isSo()) return true;
  }
  return false;
}

/** Some of the open browsers are offered the version, and some are not. */
function isMixed(arms) {
  const canaries = arms.filter((arm) => arm === 'canary').length;
  return canaries >= 2 && canaries < arms.length;
}
