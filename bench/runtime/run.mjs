import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { publishModels, startRepository } from '../../scripts/stack.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { measureCodeSize } from './code-size.mjs';
import { measureShared } from './shared.mjs';

/** Milliseconds that `model.run` may add to a worker written by hand. */
const OVERHEAD_MS = 0.15;

/** @param {string} dir empty folder to work in */
export async function runSuite(dir) {
  await buildPage(`${dir}/page`);
  const published = await publishModels(dir);
  const repository = await startRepository(published.repository, 0);
  const config = { model: `${repository.url}/digits`, trust: published.pin };
  const site = await serveSite({ dir: `${dir}/page`, config, port: 0 });
  const { small, together, sequential } = await measure(site.url);
  const shared = await measureShared(site.url);
  await Promise.all([site.close(), repository.close()]);

  const added = small.map(([nearside, reference]) => nearside - reference);
  return [
    measuredRow('overhead-small-ms', added, { unit: 'ms', atMost: OVERHEAD_MS }),
    measuredRow('batch-throughput-ratio', throughputs(together), { unit: '', atLeast: 0.9 }),
    measuredRow('batch-vs-sequential-ratio', throughputs(sequential), { unit: '', atLeast: 1.2 }),
    ...(await measureCodeSize()),
    ...shared,
  ];
}

/** Ours ÷ the reference's, per pair of times. */
function throughputs(pairs) {
  return pairs.map(([nearside, reference]) => reference / nearside);
}

function measuredRow(name, values, { unit, ...bounds }) {
  return row(name, { value: median(values), unit, interval: medianInterval(values), ...bounds });
}

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function buildPage(outDir) {
  return build({
    configFile: false,
    root: here('.'),
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      ...{ outDir, target: 'esnext', assetsInlineLimit: 0 },
      rollupOptions: { input: ['index.html', 'shared.html'].map(here) },
    },
  });
}

async function measure(url) {
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForSelector('html[data-state=done]', { timeout: 120_000 });
    return JSON.parse(await page.locator('body').textContent());
  } finally {
    await browser.close();
  }
}
