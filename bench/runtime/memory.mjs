import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { median } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';

/**
 * Counted from the tenth cycle on: by then V8 has made machine code of nearly all of the library's functions on the
 * page, once, which is no leak.
 */
const FIRST = sized(10);
const CYCLES = sized(50, 2);
/** Some come out a few per cent too low or too high: the driver's own code shares the page's heap. */
const MEASUREMENTS = sized(9);
/**
 * The thread of a worker that was ended goes 2 to 3 s later, ours and the peer's alike (Chromium 156), and a
 * measurement before that waits 60 s for its answer.
 */
const THREADS_END_MS = 4_000;

/** Memory is measured at once instead of after the browser's next own collection. */
const LAUNCH = {
  ...chromiumLaunch,
  args: [
    ...chromiumLaunch.args,
    '--enable-blink-features=ForceEagerMeasureMemory',
    '--js-flags=--expose-gc',
  ],
};

/** Rows about what is left of models that were opened, run and closed. @param {string} url of the built page's site */
export async function measureMemory(url) {
  const nearside = await measureCycles(url, 'openAndClose');
  const reference = await measureCycles(url, 'openAndCloseReference');
  return [
    row('memory-growth-ratio', { value: growth(nearside), unit: '', atMost: 1.05 }),
    row('memory-growth-bytes', {
      value: nearside.bytes[CYCLES] - nearside.bytes[FIRST],
      unit: 'B',
    }),
    row('memory-growth-reference-ratio', { value: growth(reference), unit: '' }),
    row('live-workers', { value: nearside.liveWorkers, unit: '', atMost: 0 }),
  ];
}

function growth({ bytes }) {
  return bytes[CYCLES] / bytes[FIRST];
}

/** In a browser and a page of their own. @returns {Promise<{ bytes: Record<number, number>, liveWorkers: number }>} */
async function measureCycles(url, work) {
  const browser = await chromium.launch(LAUNCH);
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/shared.html`);
    // Not `waitForSelector`: it loads 0.1 MB of the driver's code, and whether that is counted varies.
    await page.waitForFunction("document.documentElement.dataset.state === 'ready'");
    const bytes = {};
    let done = 0;
    for (const cycles of [FIRST, CYCLES]) {
      await page.evaluate(`${work}(${cycles - done})`);
      bytes[cycles] = await measureBytes(page);
      done = cycles;
    }
    return { bytes, liveWorkers: page.workers().length };
  } finally {
    await browser.close();
  }
}

async function measureBytes(page) {
  await new Promise((resolve) => setTimeout(resolve, THREADS_END_MS));
  return median(await page.evaluate(`memoryBytes(${MEASUREMENTS})`));
}
