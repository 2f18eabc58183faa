import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';

const CYCLES = 50;
/** Until the 25th cycle or so the browser still compiles the page's own code: heap snapshots show that alone. */
const MEASURED = [2, 25, CYCLES];
const RELOADS = 5;
const RUNS_PER_VISIT = 20;

/** Memory is measured at once instead of after the browser's next own collection. */
const launch = {
  ...chromiumLaunch,
  args: [
    ...chromiumLaunch.args,
    '--enable-blink-features=ForceEagerMeasureMemory',
    '--js-flags=--expose-gc',
  ],
};

/** Rows about several models, workers and visits. @param {string} url of the built page's site */
export async function measureShared(url) {
  const browser = await chromium.launch(launch);
  try {
    const page = await browser.newPage();
    const visit = async () => {
      await page.goto(`${url}/shared.html`);
      await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    };
    await visit();
    const isolation = isolationRow(await page.evaluate('isolation()'));
    await visit();
    const memory = await memoryRows(page);
    const determinism = await determinismRow(page, visit);
    return [isolation, ...memory, determinism];
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

async function memoryRows(page) {
  const bytes = new Map();
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    await page.evaluate('openAndClose()');
    if (MEASURED.includes(cycle)) bytes.set(cycle, await page.evaluate('memoryBytes()'));
  }
  const growthSince = (cycle) => bytes.get(CYCLES) / bytes.get(cycle);
  return [
    row('memory-growth-ratio', { value: growthSince(2), unit: '', atMost: 1.1 }),
    row('memory-growth-warm-ratio', { value: growthSince(25), unit: '', atMost: 1.1 }),
    row('live-workers', { value: page.workers().length, unit: '', atMost: 0 }),
  ];
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
