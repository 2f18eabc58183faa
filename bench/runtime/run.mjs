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

/** @param {string} dir empty folder to work in */
export async function runSuite(dir) {
  await buildPage(import.meta.url, `${dir}/page`, ['index', 'cold', 'shared']);
  const published = await publishModels(dir, ['digits']);
  const repository = await startRepository(published.repository, 0);
  const config = { model: `${repository.url}/digits`, trust: published.pin };
  const site = await serveSite({ dir: `${dir}/page`, config, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  const measured = await measure(browser, site.url);
  const { early, small, together, sequential, medium, smooth, aborts, terminations } = measured;
  const cold = await coldFirstResult(browser, {
    dir: `${dir}/page`,
    repositoryUrl: repository.url,
    trust: published.pin,
  });
  await browser.close();
  const shared = await measureShared(site.url);
  const memory = await measureMemory(site.url);
  await Promise.all([site.close(), repository.close()]);

  return [
    measuredRow('overhead-small-ms', overheads(small), { unit: 'ms', atMost: OVERHEAD_MS }),
    measuredRow('overhead-small-early-ms', overheads(early), { unit: 'ms' }),
    measuredRow('batch-throughput-ratio', throughputs(together), { unit: '', atLeast: 0.9 }),
    measuredRow('batch-vs-sequential-ratio', throughputs(sequential), { unit: '', atLeast: 1.2 }),
    measuredRow('overhead-medium-ratio', ratios(medium), { unit: '', atMost: 1.05 }),
    rangeRow('main-thread-long-tasks', added(smooth, 'longTasks'), { atMost: 0 }),
    rangeRow('dropped-frames', added(smooth, 'droppedFrames'), { atMost: 1 }),
    row('abort-ms', {
      value: p95(aborts),
      unit: 'ms',
      interval: intervalOf(aborts, p95),
      atMost: 5,
    }),
    measuredRow('terminate-ms', terminations, { unit: 'ms' }),
    ...cold,
    ...measureCodeSize(),
    ...shared,
    ...memory,
  ];
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

async function measure(browser, url) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForSelector('html[data-state=done]', { timeout: 240_000 });
  const measured = JSON.parse(await page.locator('body').textContent());
  await page.close();
  return measured;
}
