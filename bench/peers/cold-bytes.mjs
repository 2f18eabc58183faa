import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { createSlowLink } from '../runtime/slow-link.mjs';
import { placeWeights, publishDigitsAlone } from '../start/models.mjs';
import { CACHED } from '../start/run.mjs';
import { visitInTurn } from '../start/visits.mjs';
import { askedUntilResult } from '../start/waterfall.mjs';

/** No line that is slow: bytes do not depend on it. */
const LINE = { bitsPerSecond: 1_000_000_000, latencyMs: 0 };

/**
 * What a first visit to digits with its ONNX variant alone asks for until its first result, beside one with the worker
 * written by hand: all but the runtime's wasm and the weights, as they are sent.
 *
 * @param {string} dir empty folder to work in
 */
export async function coldExtraBytes(dir) {
  const siteDir = `${dir}/page`;
  await buildPage(new URL('../start/run.mjs', import.meta.url).href, siteDir);
  await placeWeights(siteDir);
  const published = await publishDigitsAlone(`${dir}/models`);
  const site = await serveSite({ dir: siteDir, config: {}, port: 0, headers: CACHED });
  const link = createSlowLink(LINE);
  const near = await link.serve(site.url.replace(/\/$/, ''));
  const { repositoryUrl, name, trust } = published.address;
  const repository = await link.serve(repositoryUrl);
  const digits = { model: 'digits', threads: 2 };
  const ours = await asked(link, near, {
    ...digits,
    by: 'ours',
    url: `${repository.url}${name}`,
    trust,
    backend: 'onnx-wasm',
  });
  const raw = await asked(link, near, { ...digits, by: 'raw', file: '/digits.onnx' });
  await Promise.all([near.close(), repository.close(), site.close(), published.close()]);
  // Hosts send our chunks packed, and an .onnx file as it is: that is no merit of either.
  const weights = await readFile(`${siteDir}/digits.onnx`);
  const saved = weights.length - gzipSync(weights, { level: 9 }).length;
  const value = sum(ours) - (sum(raw) - saved);
  for (const { name: file, bytes } of ours)
    console.error(`cold-extra-bytes, ours: ${bytes} B ${file}`);
  for (const { name: file, bytes } of raw)
    console.error(`cold-extra-bytes, raw: ${bytes} B ${file}`);
  return row('cold-extra-bytes', { value, unit: 'B', atMost: 97_280 });
}

async function asked(link, near, how) {
  const before = link.transfers.length;
  const [visit] = await visitInTurn(near.url, [how]);
  return askedUntilResult(link.transfers.slice(before), visit).filter(
    ({ name }) => !name.endsWith('.wasm'),
  );
}

function sum(files) {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
