import { cp } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { chromium, firefox } from '@playwright/test';
import { firefoxLaunch, isInstalled } from '../../scripts/browsers.mjs';
import { chromiumGpuLaunch } from '../../scripts/chromium.mjs';
import { root } from '../../scripts/root.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { missingRow, row } from '../row.mjs';
import { sized } from '../sized.js';
import { placeWeights } from './models.mjs';

const NAME = 'jspi-vs-asyncify-ratio';

/** What the library runs on a GPU, and what it has replaced. */
const FILES = { jspi: 'jspi', webgpu: 'asyncify' };

/** Firefox asks a GPU every tenth of a second whether it has done its work, so a pair takes seconds. */
const CASES = [
  {
    name: 'digits',
    pairs: { Chromium: sized(100), Firefox: sized(20) },
    request: { model: 'digits.onnx', type: 'float32', dims: [1, 1, 28, 28] },
  },
  {
    name: 'recogniser',
    pairs: { Chromium: sized(20), Firefox: sized(10) },
    request: { model: 'recogniser.onnx', type: 'float32', dims: [1, 3, 48, 32] },
  },
];

/** Runs that are not counted: sessions are created, shaders and wasm compiled. */
const WARM_UP = sized(5);

/**
 * Runs of both files of ONNX Runtime for WebGPU, in pairs whose order is drawn: each in a worker of one page, on a GPU
 * that is computed in software.
 *
 * @param {string} dir empty folder to work in
 */
export async function* jspiBesideAsyncify(dir) {
  await placeFiles(dir);
  const site = await serveSite({ dir, config: {}, port: 0 });
  yield* rowsIn('Chromium', await chromium.launch(chromiumGpuLaunch), {
    url: site.url,
    atMost: 1.05,
  });
  if (isInstalled('firefox'))
    yield* rowsIn('Firefox', await firefox.launch(firefoxLaunch), { url: site.url });
  else yield missingRow(`${NAME}, Firefox`, { unit: '', missing: 'it is not installed' });
  await site.close();
}

async function placeFiles(dir) {
  const dist = `${root}node_modules/onnxruntime-web/dist`;
  await cp(new URL('./suspending', import.meta.url), dir, { recursive: true });
  for (const [entry, suspending] of Object.entries(FILES))
    for (const name of [`ort.${entry}.bundle.min.mjs`, `ort-wasm-simd-threaded.${suspending}.wasm`])
      await cp(`${dist}/${name}`, `${dir}/${name}`);
  await placeWeights(dir);
}

async function* rowsIn(engine, browser, { url, atMost }) {
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction(() => 'run' in globalThis);
    for (const { name, pairs, request } of CASES) {
      const { ratios, times, difference } = await runPairs(page, request, pairs[engine]);
      const [jspi, asyncify] = Object.keys(FILES).map((file) => median(times[file]).toFixed(2));
      console.error(
        `${name} in ${engine} ${browser.version()}: ${jspi} ms with JSPI, ${asyncify} with asyncify; ` +
          `outputs differ by up to ${difference}; load ${loadavg()[0].toFixed(1)}`,
      );
      yield row(`${NAME}, ${name}, ${engine}`, {
        value: median(ratios),
        unit: '',
        interval: medianInterval(ratios),
        atMost,
      });
    }
  } finally {
    await browser.close();
  }
}

async function runPairs(page, request, pairs) {
  const ratios = [];
  const times = { jspi: [], webgpu: [] };
  let difference = 0;
  for (let i = -WARM_UP; i < pairs; i += 1) {
    const order = Math.random() < 0.5 ? ['jspi', 'webgpu'] : ['webgpu', 'jspi'];
    const seen = {};
    for (const file of order)
      seen[file] = await page.evaluate(
        ([file, request]) => globalThis.run(file, request),
        [file, request],
      );
    const [ours, theirs] = [seen.jspi, seen.webgpu];
    difference = ours.values.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - theirs.values[at])),
      difference,
    );
    if (i < 0) continue;
    ratios.push(ours.ms / theirs.ms);
    for (const file of order) times[file].push(seen[file].ms);
  }
  return { ratios, times, difference };
}
