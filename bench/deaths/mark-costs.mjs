import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';

/** Pairs of each row. One run each 1.5 s makes the second a matter of minutes. */
const PAIRS = { runs: sized(200), paused: sized(60), opens: sized(60) };

/** Pages of a row: which model was opened first in one is the second in the next. */
const PAGES = sized(2);

/**
 * What marks cost: the library with marks ÷ the same without, in pairs.
 *
 * @param {{ site: string, address: { url: string, trust: string }, trials: number | undefined }} options
 */
export async function* markCosts({ site, address, trials }) {
  const browser = await chromium.launch(chromiumLaunch);
  const context = await browser.newContext();
  const inPage = async (name, how) => {
    const page = await context.newPage();
    await page.goto(`${site}costs.html`);
    await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    const seen = await page.evaluate(([name, how]) => globalThis[name](how), [name, how]);
    await page.close();
    return seen;
  };
  const inPages = async (name, pairs) => {
    const seen = [];
    for (let i = 0; i < PAGES; i += 1) {
      const how = { ...address, pairs: Math.ceil(pairs / PAGES), isMarkedFirst: i % 2 === 0 };
      seen.push(...(await inPage(name, how)));
    }
    return seen;
  };
  const openInTurns = async (pairs) => {
    await inPage('openOnce', { ...address, isMarked: false }); // which installs the model
    const seen = [];
    for (const _ of turns('openings with and without marks', pairs)) {
      const times = [];
      for (const index of Math.random() < 0.5 ? [0, 1] : [1, 0])
        times[index] = await inPage('openOnce', { ...address, isMarked: index === 0 });
      seen.push(times);
    }
    return seen;
  };
  yield ratioRow('mark-warm-open-ratio', await openInTurns(trials ?? PAIRS.opens), 1.02);
  yield ratioRow('mark-run-ratio', await inPages('backToBack', trials ?? PAIRS.runs), 1.01);
  yield ratioRow('mark-paused-run-ratio', await inPages('paused', trials ?? PAIRS.paused), 1.05);
  await browser.close();
}

function ratioRow(name, pairs, atMost) {
  const ratios = pairs.map(([marked, unmarked]) => marked / unmarked);
  return row(name, { value: median(ratios), unit: '', interval: medianInterval(ratios), atMost });
}
