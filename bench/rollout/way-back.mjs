import { intervalOf, p95 } from '../bootstrap.mjs';
import { openBrowsers } from '../game-day/browsers.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';

const TRIALS = sized(20);
const LIMIT_MS = 60_000;

/**
 * The time from the act that revokes a version until the last of five pages in one browser runs the one before. Each looks for
 * another version every 5 s.
 *
 * @param {{ browser: import('@playwright/test').Browser, site: string, releases: import('./releases.mjs').Releases, trials?: number }} bench
 */
export async function* wayBack({ browser, site, releases, trials = TRIALS }) {
  const browsers = await openBrowsers(browser, { site, how: releases.address });
  const tookMs = [];
  for (const _ of turns('ways back', trials)) {
    const { version } = await releases.offerNext();
    await browsers.untilAllRun(version, LIMIT_MS);
    const startMs = performance.now();
    await releases.takeBack(version);
    tookMs.push((await browsers.untilAllRun(releases.first, LIMIT_MS)) - startMs);
  }
  await browsers.close();
  yield row('rollback-p95-ms', {
    value: p95(tookMs),
    unit: `ms, of ${trials} trials`,
    interval: intervalOf(tookMs, p95),
    atMost: 15_000,
  });
}
