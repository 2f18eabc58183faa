import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { publishModels, startRepository } from '../../scripts/stack.mjs';
import { median } from '../bootstrap.mjs';
import { row } from '../row.mjs';

/** Between two looks at the page's memory, ms. */
const LOOK_MS = 10_000;
/** After the load ends everything must be answered within this, ms. */
const LAST_ANSWER_MS = 30_000;

/**
 * Calls and streams of all kinds, at twice the rate that the page was measured to answer, for some
 * minutes. Every call is watched until it ends.
 *
 * @param {string} dir empty folder to work in
 */
export async function soak(dir, { minutes, say }) {
  const url = await buildPage(`${dir}/page`);
  const published = await publishModels(dir, ['digits']);
  const repository = await startRepository(published.repository, 0);
  const config = { model: `${repository.url}/digits`, trust: published.pin };
  const site = await serveSite({ dir: url, config, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => say(`page: ${error.message}`));
    await page.goto(site.url);
    await page.waitForFunction(() => globalThis.soak !== undefined);
    return await watch(page, { minutes, say });
  } finally {
    await browser.close();
    await Promise.all([site.close(), repository.close()]);
  }
}

async function watch(page, { minutes, say }) {
  const capacity = await page.evaluate(() => globalThis.soak.measureCapacity());
  say(`capacity: ${capacity.toFixed(0)} runs/s; load: ${(2 * capacity).toFixed(0)} calls/s`);
  await page.evaluate((rate) => globalThis.soak.start(rate), 2 * capacity);
  const bytes = [];
  const startMs = Date.now();
  const endMs = startMs + minutes * 60_000;
  while (Date.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, endMs - Date.now())));
    bytes.push(await page.evaluate(() => globalThis.soak.memoryBytes()));
    const { answered, pending } = await page.evaluate(() => globalThis.soak.counts());
    say(`${(bytes.at(-1) / 1e6).toFixed(1)} MB, ${answered} answered, ${pending} under way`);
  }
  const seconds = (Date.now() - startMs) / 1000; // a look at the memory may take a while
  const counts = await page.evaluate((ms) => globalThis.soak.stop(ms), LAST_ANSWER_MS);
  const nextGood = await page.evaluate(() => globalThis.soak.nextGoodCall());
  await page.evaluate(() => globalThis.soak.close());
  const liveWorkers = await countWorkers(page);
  return {
    minutes,
    capacityPerSecond: Math.round(capacity),
    offeredPerSecond: Math.round(counts.started / seconds),
    ...counts,
    nextGood,
    results: [
      row('memory-growth-ratio', { value: growth(bytes), unit: '', atMost: 1.1 }),
      row('pending', { value: counts.pending, unit: 'calls', atMost: 0 }),
      row('uncoded-rejections', { value: counts.uncoded.length, unit: 'calls', atMost: 0 }),
      row('wrong-answers', { value: counts.wrong, unit: 'calls', atMost: 0 }),
      row('live-workers', { value: liveWorkers, unit: 'workers', atMost: 0 }),
    ],
  };
}

/** The browser tells of a worker's end a little later. */
async function countWorkers(page) {
  for (let looks = 0; page.workers().length > 0 && looks < 50; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return page.workers().length;
}

/** The last third's median ÷ that of the first third; before that everything is loaded. */
function growth(bytes) {
  const third = Math.max(1, Math.floor(bytes.length / 3));
  return median(bytes.slice(-third)) / median(bytes.slice(0, third));
}

async function buildPage(outDir) {
  await build({
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir, target: 'esnext', assetsInlineLimit: 0 },
  });
  return outDir;
}
