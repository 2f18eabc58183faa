import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { sized } from '../sized.js';

/** Pairs of stretches. */
const PAIRS = sized(20);

/**
 * Measures small calls in one page: a visit is too short for them.
 *
 * @param {string} url of the built page `small.html`
 * @param {object} how both contenders are opened: see `ours.js` and `raw.js`
 * @returns {Promise<number[][][]>} pairs of times of runs, ours and the other's, ms
 */
export async function measureSmallCalls(url, how) {
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const page = await browser.newPage();
    await page.goto(`${url}?how=${encodeURIComponent(JSON.stringify(how))}`);
    await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    return await page.evaluate(`measure(${PAIRS})`);
  } finally {
    await browser.close();
  }
}
