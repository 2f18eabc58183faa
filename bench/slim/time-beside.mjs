import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { turns } from '../turns.mjs';

const CASES = [
  { name: 'digits-int8', threads: 1 },
  { name: 'digits-int8', threads: 2 },
  { name: 'recognize', threads: 1 },
  { name: 'recognize', threads: 2 },
];

const STEPS = ['compile', 'session', 'first-run'];

/**
 * Times either file in pairs whose order is drawn anew, each visit in a browser that has just started: one that is
 * open shares compiled code.
 *
 * @param {string} url of the page
 * @param {{ files: { full: string, common: string }, models: Record<string, object>, pairs: number }} what
 * @returns {Promise<object[]>} rows: common ÷ full
 */
export async function timeBeside(url, { files, models, pairs }) {
  const rows = [];
  for (const { name, threads } of CASES) {
    const seen = { full: [], common: [] };
    for (const _ of turns(`${name}, ${threads} threads`, pairs)) {
      const order = Math.random() < 0.5 ? ['full', 'common'] : ['common', 'full'];
      for (const file of order)
        seen[file].push(await visit(url, { wasm: files[file], threads, model: models[name] }));
    }
    for (const step of STEPS) {
      const times = (file) => seen[file].map((each) => each[step]);
      const ratios = times('common').map((ms, i) => ms / times('full')[i]);
      const words = `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
      const [common, full] = ['common', 'full'].map((file) => median(times(file)).toFixed(1));
      console.error(`${step}, ${words}: ${common} ms instead of ${full}`);
      rows.push(
        row(`${step}-ratio, ${words}`, {
          value: median(ratios),
          unit: '',
          interval: medianInterval(ratios),
        }),
      );
    }
  }
  return rows;
}

/** @returns {Promise<Record<string, number>>} ms of each step */
async function visit(url, request) {
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction(() => 'time' in globalThis);
    return await page.evaluate((given) => globalThis.time(given), request);
  } finally {
    await browser.close();
  }
}
