import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { median } from '../bootstrap.mjs';
import { row } from '../row.mjs';

const CYCLES = 50;
const MEASURED = [2, 25, CYCLES];
/** Some come out a few per cent too low or too high: the driver's own code shares the page's heap. */
const MEASUREMENTS = 9;
/**
 * The thread of a worker that was ended goes 2 to 3 s later, ours and the peer's alike (Chromium 156), and a
 * measurement before that waits 60 s for its answer.
 */
const THREADS_END_MS = 4_000;

/**
 * V8 interprets bytecode and never makes machine code of it. In heap snapshots after cycles 2 and 50 (Chromium
 * 156) 0.37 of the 0.40 MB of difference are machine code of 270 functions, its tables and type feedback;
 * closures, ports, promises and listeners are as many in both, and no worker is left. Between 25 and 50 only the
 * browser's own list of what the page has loaded grows.
 */
const INTERPRETED = ['--no-sparkplug', '--no-maglev', '--no-turbofan'];

/** Rows about what is left of 50 models, opened, run and closed. @param {string} url of the built page's site */
export async function measureMemory(url) {
  const nearside = await measureCycles(url, 'openAndClose');
  const reference = await measureCycles(url, 'openAndCloseReference');
  const interpreted = await measureCycles(url, 'openAndClose', INTERPRETED);
  return [
    row('memory-growth-ratio', { value: growth(nearside), unit: '', atMost: 1.1 }),
    row('memory-growth-bytes', { value: nearside.bytes[CYCLES] - nearside.bytes[2], unit: 'B' }),
    row('memory-growth-reference-ratio', { value: growth(reference), unit: '' }),
    row('memory-growth-interpreted-ratio', { value: growth(interpreted), unit: '', atMost: 1.1 }),
    row('memory-growth-warm-ratio', { value: growth(nearside, 25), unit: '', atMost: 1.1 }),
    row('live-workers', { value: nearside.liveWorkers, unit: '', atMost: 0 }),
  ];
}

function growth({ bytes }, since = 2) {
  return bytes[CYCLES] / bytes[since];
}

/** In a browser and a page of their own. @returns {Promise<{ bytes: Record<number, number>, liveWorkers: number }>} */
async function measureCycles(url, work, v8Flags = []) {
  const browser = await chromium.launch(launchOptions(v8Flags));
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/shared.html`);
    // Not `waitForSelector`: it loads 0.1 MB of the driver's code, and whether that is counted varies.
    await page.waitForFunction("document.documentElement.dataset.state === 'ready'");
    const bytes = {};
    let done = 0;
    for (const cycles of MEASURED) {
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

/** Memory is measured at once instead of after the browser's next own collection. */
function launchOptions(v8Flags) {
  const args = [
    '--enable-blink-features=ForceEagerMeasureMemory',
    `--js-flags=${['--expose-gc', ...v8Flags].join(' ')}`,
  ];
  return { ...chromiumLaunch, args: [...chromiumLaunch.args, ...args] };
}
