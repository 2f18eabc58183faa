import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { buildPage } from '../build-page.mjs';
import { buildBenchPage, packRuntime } from '../page/build.mjs';
import { missingRow, row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { coldExtraBytes } from './cold-bytes.mjs';
import { measureVerified } from './verified.mjs';

/** Visits of the benchmark page with an empty profile. */
const VISITS = sized(5);

/**
 * The benchmark page without somebody who looks: what it promises beside others, in one browser.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} [options] visits of the benchmark page
 */
export async function* runSuite(dir, { trials = VISITS } = {}) {
  await buildPage(import.meta.url, `${dir}/peers`);
  await packRuntime(`${dir}/peers/assets`);
  await buildBenchPage(`${dir}/page`);
  const site = await serveSite({ dir: `${dir}/peers`, config: {}, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  yield* measureAll(browser, site.url);
  const first = await firstNumbers(browser, `${dir}/page`, trials);
  yield row('page-first-number-seconds', {
    value: median(first),
    unit: 's',
    interval: [Math.min(...first), Math.max(...first)],
    atMost: 5,
  });
  yield* verifiedRows(await measureVerified(browser, `${dir}/verified`));
  await Promise.all([browser.close(), site.close()]);
  yield await coldExtraBytes(`${dir}/cold`);
}

async function* measureAll(browser, url) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
  const names = await page.evaluate('names');
  const photo = await page.evaluate('measurePhoto()');
  console.error(`photo: ours says ${photo.labels[0]}, the canvas worker ${photo.labels[1]}`);
  yield ratioRow('photo-vs-raw-worker-ratio', ratios(photo.pairs), { atMost: 1.2 });
  const ocr = await page.evaluate('measureOcr()');
  console.error(`ocr: ${ocr.threads} threads`);
  yield ratioRow('ocr-vs-raw-worker-ratio', ratios(ocr.pairs), { atMost: 1.05 });
  const blocking = await page.evaluate('measureBlocking()');
  console.error(`main thread: ${Object.keys(blocking).join(', ')}`);
  yield* blockingRows(blocking, names);
  yield* concurrentRows(await page.evaluate('measureConcurrent()'), names);
  await page.close();
}

/** A second visit: the whole pipeline has the target, its files alone are beside it. */
function* verifiedRows({ opened, read }) {
  const ms = (pairs) => [0, 1].map((i) => Math.round(median(pairs.map((pair) => pair[i]))));
  console.error(
    `verified files: pipeline ${ms(opened).join(' ÷ ')} ms, files ${ms(read).join(' ÷ ')} ms`,
  );
  yield ratioRow('verified-fetch-ratio, files alone', ratios(read), {});
  yield ratioRow('verified-fetch-ratio', ratios(opened), { atMost: 1.1 });
}

/** Seconds from the address to the first latency on screen, each time with an empty cache. */
async function firstNumbers(browser, dir, visits) {
  const site = await serveSite({ dir, config: {}, port: 0 });
  const seconds = [];
  for (const _ of turns('visits to the benchmark page', visits)) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const startMs = performance.now();
    await page.goto(site.url, { waitUntil: 'commit' });
    await page.waitForSelector('#rows [data-name=Median]');
    seconds.push((performance.now() - startMs) / 1000);
    await context.close();
  }
  await site.close();
  return seconds;
}

/** How long the main thread was held while each computed, the median of its stretches; a peer's has no target. */
function blockingRows(seen, { ours }) {
  return byName('total-blocking-ms', seen, ours, ({ measured, problem }, name, isOurs) => {
    const target = isOurs ? { atMost: 0 } : {};
    if (problem) return missingRow(name, { unit: 'ms', ...target, missing: problem });
    const interval = [Math.min(...measured), Math.max(...measured)];
    return row(name, { value: median(measured), unit: 'ms', interval, ...target });
  });
}

/** Throughput of ours ÷ theirs, per pair of times. Those on the main thread hold the page meanwhile. */
function concurrentRows(seen, { free }) {
  return byName('concurrent-64-ratio', seen, free, ({ measured, problem }, name, isFree) => {
    const target = isFree ? { atLeast: 1.15 } : {};
    if (problem) return missingRow(name, { unit: '', ...target, missing: problem });
    return ratioRow(
      name,
      measured.map(([ours, theirs]) => theirs / ours),
      target,
    );
  });
}

/** The row that has the target goes by the plain name, the others are printed beside it. */
function byName(name, seen, plain, toRow) {
  return Object.entries(seen)
    .sort(([a], [b]) => Number(b === plain) - Number(a === plain))
    .map(([id, entry]) => toRow(entry, id === plain ? name : `${name}, ${id}`, id === plain));
}

/** Our time ÷ theirs, per pair of times. */
function ratios(pairs) {
  return pairs.map(([ours, theirs]) => ours / theirs);
}

function ratioRow(name, values, target) {
  const interval = medianInterval(values);
  return row(name, { value: median(values), unit: '', interval, ...target });
}
