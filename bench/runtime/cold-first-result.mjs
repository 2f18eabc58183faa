import { root } from '../../scripts/root.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { createSlowLink } from './slow-link.mjs';

/** A usual home or mobile line. */
const LINE = { bitsPerSecond: 20_000_000, latencyMs: 40 };
const ROUNDS = sized(12);
const BOTH = { query: '', backend: 'tfjs-wasm' };
const ONNX = { query: '?backend=onnx-wasm', backend: 'onnx-wasm' };
/** The same model at the same address, by the hash of its seal. */
const SEALED = { query: '?sealed', backend: 'tfjs-wasm' };
/** Its ONNX file, which nobody vouches for; the other time nothing is compared afterwards. */
const FILE = { query: '?unsigned', backend: 'onnx-wasm' };
const UNCHECKED = { query: '?unsigned&selfCheck=off', backend: 'onnx-wasm' };
/** As ONNX Runtime comes, in 3.7 MB: digits runs in the file of common functions. */
const FULL = { query: '?backend=onnx-wasm&runtime=full', backend: 'onnx-wasm' };

/**
 * A first visit to the digits model in a new profile, both variants on offer ÷ the ONNX variant alone, in either file of ONNX
 * Runtime, sealed ÷ signed, and a file with the self-check ÷ without: from the start of the navigation to the first result.
 *
 * @param {import('@playwright/test').Browser} browser
 * @param {{ dir: string, repository: { dir: string, url: string }, trust: string }} options `dir` holds the built pages
 */
export async function coldFirstResult(browser, { dir, repository: { dir: out, url }, trust }) {
  const { seal } = await import('@nearside/publisher');
  const modelDirectory = `${root}models/digits`;
  const { integrity } = await seal({ modelDirectory, out: `${out}/digits`, url: 'digits' });
  const link = createSlowLink(LINE);
  const repository = await link.serve(url);
  const config = { model: `${repository.url}digits`, trust, integrity };
  const near = await serveSite({ dir, config, port: 0 });
  const site = await link.serve(near.url.replace(/\/$/, ''));
  const visitOnce = (how) => visit(browser, `${site.url}cold.html`, { ...how, link });
  const ways = [BOTH, ONNX, FULL, SEALED, FILE, UNCHECKED];
  for (const how of ways) await visitOnce(how); // what is compressed for the first time takes longer
  const rounds = [];
  for (const round of turns('first visits', ROUNDS)) {
    const seen = new Map();
    // each goes first as often
    for (let i = 0; i < ways.length; i += 1) {
      const how = ways[(round + i) % ways.length];
      seen.set(how, await visitOnce(how));
    }
    rounds.push(seen);
  }
  await Promise.all([site.close(), near.close(), repository.close()]);
  const ratioOf = (one, other) => {
    const ratios = rounds.map(
      (seen) => seen.get(one).firstResultMs / seen.get(other).firstResultMs,
    );
    return { value: median(ratios), unit: '', interval: medianInterval(ratios) };
  };
  const moreBytes = median(rounds.map((seen) => seen.get(FILE).bytes - seen.get(UNCHECKED).bytes));
  return [
    row('cold-first-result-ratio', { ...ratioOf(BOTH, ONNX), atMost: 0.4 }),
    row('cold-first-result-full-ratio', ratioOf(BOTH, FULL)),
    row('sealed-first-result-ratio', { ...ratioOf(SEALED, BOTH), atMost: 1 }),
    row('unsigned-first-result-ratio', { ...ratioOf(FILE, UNCHECKED), atMost: 1.02 }),
    row('unsigned-first-result-bytes', { value: moreBytes, unit: 'B', atMost: 0 }),
  ];
}

/** @returns what the page saw, and the bytes that were sent before its first result */
async function visit(browser, url, { query, backend, link }) {
  const before = link.transfers.length;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}${query}`);
  await page.waitForSelector('html[data-state=done]', { timeout: 60_000 });
  const seen = JSON.parse(await page.locator('body').textContent());
  await context.close();
  if (seen.backend !== backend) throw new Error(`expected ${backend} first, got ${seen.backend}`);
  const pieces = link.transfers.slice(before).flatMap((transfer) => transfer.pieces);
  const early = pieces.filter(({ atMs }) => atMs <= seen.atMs);
  return { ...seen, bytes: early.reduce((sum, { bytes }) => sum + bytes, 0) };
}
