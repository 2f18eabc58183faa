import { cp, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { root } from '../../scripts/root.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { withMovedWeights } from '../slim/models.mjs';

const WASM = 'ort-wasm-simd-threaded.wasm';
const THREADS = [1, 2];

/**
 * Times two forms of models in turn: sessions made and released, and runs.
 *
 * @param {{ dir: string, siteDir: string }} folders an empty one, and the built page's
 * @param {{ name: string, files: [small: string, floats: string], inputs: object, runs: number, limits?: object }[]} cases
 *   `inputs` as `draw.js` draws them; `limits` of the rows `run` and `session`, none for those that are only printed
 */
export async function* timeForms({ dir, siteDir }, cases) {
  await cp(`${root}packages/nearside/dist/assets/${WASM}`, `${siteDir}/${WASM}`);
  const site = await serveSite({ dir: siteDir, config: {}, port: 0 });
  for (const { name, files, inputs, runs, limits = {} } of cases) {
    const models = [];
    for (const [i, file] of files.entries())
      models.push(await place(file, { dir: `${dir}/${name}-${i}`, siteDir }));
    for (const threads of THREADS) {
      const pairs = { sessions: threads === 1 ? SESSIONS : 1, runs };
      const request = { wasm: `/${WASM}`, threads, models, inputs, pairs };
      const times = await inBrowser(`${site.url}beside.html`, request);
      const words = `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
      yield ratioRow(`${limits.prefix ?? 'int8'}-run-ratio, ${words}`, times.runs, limits.run);
      if (threads === 1 && limits.session)
        yield ratioRow(`int8-session-ratio, ${name}`, times.sessions, limits.session);
    }
  }
  await site.close();
}

const SESSIONS = sized(15);

/** As devices have it: the weights of large files lie beside them. */
async function place(file, { dir, siteDir }) {
  const { files } = (await withMovedWeights({ files: [file] }, dir)) ?? { files: [file] };
  const folder = `/models/${basename(dir)}`;
  await mkdir(siteDir + folder, { recursive: true });
  const addresses = files.map((path) => `${folder}/${basename(path)}`);
  for (const [i, path] of files.entries()) await cp(path, siteDir + addresses[i]);
  return addresses;
}

async function inBrowser(url, request) {
  const browser = await chromium.launch(chromiumLaunch);
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction(() => 'timeInTurn' in globalThis);
    return await page.evaluate((given) => globalThis.timeInTurn(given), request);
  } finally {
    await browser.close();
  }
}

function ratioRow(name, pairs, atMost) {
  const ratios = pairs.map(([small, floats]) => small / floats);
  const [small, floats] = [0, 1].map((i) => median(pairs.map((pair) => pair[i])).toFixed(2));
  console.error(`${name}: ${small} ms instead of ${floats}`);
  return row(name, { value: median(ratios), unit: '', interval: medianInterval(ratios), atMost });
}
