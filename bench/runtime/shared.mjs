import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';

const RELOADS = sized(5);
const RUNS_PER_VISIT = sized(20, 4);

/** Rows about several models in a worker, several workers and several visits. @param {string} url of the built page's site */
export async function measureShared(url) {
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const page = await browser.newPage();
    const visit = async () => {
      await page.goto(`${url}/shared.html`);
      await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    };
    await visit();
    const isolation = isolationRow(await page.evaluate('isolation()'));
    const determinism = await determinismRow(page, visit);
    return [isolation, determinism];
  } finally {
    await browser.close();
  }
}

function isolationRow(rounds) {
  const ratios = rounds.map(
    ({ alone, flooded, floodRuns }) => p95(flooded) / (p95(alone) + 2 * median(floodRuns)),
  );
  return row('isolation-p95-ratio', {
    value: median(ratios),
    unit: '',
    interval: medianInterval(ratios),
    atMost: 1.2,
  });
}

/** Against the first run of the first visit; both workers of a pool take part in each visit. */
async function determinismRow(page, visit) {
  const bits = [];
  for (let i = 0; i < RELOADS; i += 1) {
    await visit();
    bits.push(...(await page.evaluate(`bitsOfRuns(${RUNS_PER_VISIT})`)));
  }
  const value = bits.filter((run) => run !== bits[0]).length;
  return row('determinism-differences', { value, unit: `of ${bits.length}`, atMost: 0 });
}

function p95(values) {
  return [...values].sort((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1];
}
