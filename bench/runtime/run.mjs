import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { publishModels, startRepository } from '../../scripts/stack.mjs';
import { intervalOf, median, medianInterval, p95 } from '../bootstrap.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { measureCodeSize } from './code-size.mjs';
import { coldFirstResult } from './cold-first-result.mjs';
import { measureMemory } from './memory.mjs';
import { measureShared } from './shared.mjs';

/** Milliseconds that `model.run` may add to a worker written by hand. */
const OVERHEAD_MS = 0.15;

/** Rows of what the page measures, in its order. */
const PARTS = {
  early: (pairs) => [measuredRow('overhead-small-early-ms', overheads(pairs), { unit: 'ms' })],
  small: (pairs) => [
    measuredRow('overhead-small-ms', overheads(pairs), { unit: 'ms', atMost: OVERHEAD_MS }),
  ],
  together: (pairs) => [
    measuredRow('batch-throughput-ratio', throughputs(pairs), { unit: '', atLeast: 0.9 }),
  ],
  sequential: (pairs) => [
    measuredRow('batch-vs-sequential-ratio', throughputs(pairs), { unit: '', atLeast: 1.2 }),
  ],
  track: (pairs) => [measuredRow('devtools-run-ratio', ratios(pairs), { unit: '', atMost: 1.02 })],
  medium: (pairs) => [
    measuredRow('overhead-medium-ratio', ratios(pairs), { unit: '', atMost: 1.05 }),
  ],
  smooth: (stretches) => [
    rangeRow('main-thread-long-tasks', added(stretches, 'longTasks'), { atMost: 0 }),
    rangeRow('dropped-frames', added(stretches, 'droppedFrames'), { atMost: 1 }),
  ],
  aborts: (times) => [
    row('abort-ms', { value: p95(times), unit: 'ms', interval: intervalOf(times, p95), atMost: 5 }),
  ],
  terminations: (times) => [measuredRow('terminate-ms', times, { unit: 'ms' })],
};

/** @param {string} dir empty folder to work in */
export async function* runSuite(dir) {
  await buildPage(import.meta.url, `${dir}/page`, ['index', 'cold', 'shared']);
  const published = await publishModels(dir, ['digits']);
  const repository = await startRepository(published.repository, 0);
  const config = { model: `${repository.url}/digits`, trust: published.pin };
  const site = await serveSite({ dir: `${dir}/page`, config, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  yield* measure(browser, site.url);
  yield* await coldFirstResult(browser, {
    dir: `${dir}/page`,
    repository: { dir: published.repository, url: repository.url },
    trust: published.pin,
  });
  await browser.close();
  yield* measureCodeSize();
  yield* await measureShared(site.url);
  yield* await measureMemory(site.url);
  await Promise.all([site.close(), repository.close()]);
}

/** Our time − the reference's, per pair of times, ms. */
function overheads(pairs) {
  return pairs.map(([nearside, reference]) => nearside - reference);
}

/** Our time ÷ the reference's, per pair of times. */
function ratios(pairs) {
  return pairs.map(([nearside, reference]) => nearside / reference);
}

/** What busy stretches have more than the idle ones beside them. */
function added(stretches, count) {
  return stretches.map(({ idle, busy }) => busy[count] - idle[count]);
}

/** A median of few values, between the least and the most. */
function rangeRow(name, values, bounds) {
  const interval = [Math.min(...values), Math.max(...values)];
  return row(name, { value: median(values), unit: '', interval, ...bounds });
}

/** Ours ÷ the reference's, per pair of times. */
function throughputs(pairs) {
  return pairs.map(([nearside, reference]) => reference / nearside);
}

function measuredRow(name, values, { unit, ...bounds }) {
  return row(name, { value: median(values), unit, interval: medianInterval(values), ...bounds });
}

async function* measure(browser, url) {
  const page = await browser.newPage();
  const failing = new Promise((_, reject) => {
    page.once('pageerror', reject);
  });
  await page.goto(url);
  for (const [name, rowsOf] of Object.entries(PARTS)) {
    const isMeasured = (name) => globalThis.measured?.[name] !== undefined;
    const waiting = page.waitForFunction(isMeasured, name, { timeout: 240_000 });
    await Promise.race([waiting, failing]);
    yield* rowsOf(await page.evaluate((name) => globalThis.measured[name], name));
  }
  await page.close();
}
