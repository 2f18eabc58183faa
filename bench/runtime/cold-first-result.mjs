import { serveSite } from '../../scripts/serve-site.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { createSlowLink } from './slow-link.mjs';

/** A usual home or mobile line. */
const LINE = { bitsPerSecond: 20_000_000, latencyMs: 40 };
const PAIRS = 10;
const BOTH = { query: '', backend: 'tfjs-wasm' };
const ONNX = { query: '?backend=onnx-wasm', backend: 'onnx-wasm' };

/**
 * A first visit to the digits model in a new profile, both variants on offer ÷ the ONNX variant alone:
 * from the start of the navigation to the first result.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {{ dir: string, repositoryUrl: string, trust: string }} options `dir` holds the built pages
 */
export async function coldFirstResult(browser, { dir, repositoryUrl, trust }) {
  const link = createSlowLink(LINE);
  const repository = await link.serve(repositoryUrl);
  const config = { model: `${repository.url}digits`, trust };
  const near = await serveSite({ dir, config, port: 0 });
  const site = await link.serve(near.url.replace(/\/$/, ''));
  const visitOnce = (how) => visit(browser, `${site.url}cold.html`, how);
  await visitOnce(BOTH); // what is compressed for the first time takes longer
  await visitOnce(ONNX);
  const ratios = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const times = new Map();
    for (const how of Math.random() < 0.5 ? [BOTH, ONNX] : [ONNX, BOTH]) {
      times.set(how, await visitOnce(how));
    }
    ratios.push(times.get(BOTH) / times.get(ONNX));
  }
  await Promise.all([site.close(), near.close(), repository.close()]);
  const measured = { value: median(ratios), unit: '', interval: medianInterval(ratios) };
  return row('cold-first-result-ratio', { ...measured, atMost: 0.4 });
}

async function visit(browser, url, { query, backend }) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}${query}`);
  await page.waitForSelector('html[data-state=done]', { timeout: 60_000 });
  const seen = JSON.parse(await page.locator('body').textContent());
  await context.close();
  if (seen.backend !== backend) throw new Error(`expected ${backend} first, got ${seen.backend}`);
  return seen.firstResultMs;
}
