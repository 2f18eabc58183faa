import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { chromium } from '@playwright/test';
import { chromiumGpuLaunch, chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildBenchPage } from '../page/build.mjs';
import { LETTERS } from '../page/src/atlas/verdict-letters.js';
import { missingRow, row } from '../row.mjs';

/** What the wasm backend is held to, s and share; a GPU that is computed in software is held to nothing. */
const TARGETS = { seconds: { atMost: 300 }, share: { atLeast: 0.98 } };

/** No run takes so long, ms: a page that hangs does not hold up the bench for ever. */
const LIMIT_MS = 30 * 60_000;

/**
 * The operator atlas without somebody who looks: every node test of ONNX on each backend, in the page that people see.
 *
 * @param {string} dir empty folder to work in
 */
export async function* runSuite(dir) {
  await buildBenchPage(`${dir}/page`);
  const site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
  const wasm = await runPage(`${site.url}atlas.html?backends=onnx-wasm`, chromiumLaunch);
  yield* rowsOf('onnx-wasm', wasm, TARGETS);
  const address = `${site.url}atlas.html?backends=onnx-webgpu`;
  const webgpu = await runPage(address, chromiumGpuLaunch);
  yield* rowsOf('onnx-webgpu', webgpu, {});
  const compared = await runPage(`${address}&compared`, chromiumGpuLaunch);
  yield* selfCheckRows({ wasm, webgpu, compared });
  await site.close();
}

/**
 * How files fare that are right on wasm: whether WebGPU would serve them after the library's self-check. Its golden check
 * refuses with `golden-mismatch`, and a test without a case that can tell is left out.
 */
function selfCheckRows({ wasm, webgpu, compared }) {
  const names = ['atlas-wrong-served', 'atlas-right-refused', 'atlas-right-untried'];
  const limits = [{ atMost: 0 }, { atMost: 0 }, { atMost: 0.2 }];
  const units = ['tests', 'tests', ''];
  const columns = [wasm, webgpu, compared].map((result) => result?.columns?.[0]);
  const missing = columns.some((column) => !column || column.problem)
    ? 'the atlas did not run on every backend'
    : undefined;
  if (missing)
    return names.map((name, i) => missingRow(name, { unit: units[i], ...limits[i], missing }));
  const tests = wasm.tests.list.map(({ name }, i) => {
    const [onWasm, onGpu, after] = columns.map(({ verdicts }) => verdicts[i]);
    const isRefused = (columns[2].notes?.[name] ?? '').startsWith('golden-mismatch');
    return { name, onWasm, onGpu, after, isRefused };
  });
  const rightOnWasm = tests.filter(({ onWasm }) => onWasm === LETTERS.right);
  const wrong = rightOnWasm.filter(({ onGpu }) => onGpu === LETTERS.wrong);
  const right = rightOnWasm.filter(({ onGpu }) =>
    [LETTERS.right, LETTERS['right-on-cpu']].includes(onGpu),
  );
  const served = wrong.filter(({ after }) => [LETTERS.right, LETTERS.wrong].includes(after));
  const refused = right.filter(({ isRefused }) => isRefused);
  const untried = right.filter(({ after }) => after === LETTERS.excluded);
  for (const [what, list] of Object.entries({ wrong, served, refused, untried }))
    for (const { name } of list)
      console.error(`self-check, ${what} ${name}: ${columns[2].notes?.[name] ?? ''}`);
  const values = [served.length, refused.length, untried.length / right.length];
  return names.map((name, i) => row(name, { value: values[i], unit: units[i], ...limits[i] }));
}

function rowsOf(backend, result, { seconds, share }) {
  const [load] = loadavg();
  const [column] = result?.columns ?? [];
  const label = `${backend}${column?.isSoftwareGpu ? ', software GPU' : ''}`;
  const missing = result ? column?.problem?.message : 'the page was built without the node tests';
  if (missing)
    return [
      missingRow(`atlas-seconds, ${label}`, { unit: 's', ...seconds, missing }),
      missingRow(`atlas-right-share, ${label}`, { unit: '', ...share, missing }),
    ];
  const counts = countsOf(column);
  tellWhy(result, column, load);
  const right = counts.right + counts['right-on-cpu'];
  const judged = right + counts.wrong + counts.failed;
  return [
    row(`atlas-seconds, ${label}`, { value: column.seconds, unit: 's', ...seconds }),
    row(`atlas-right-share, ${label}`, { value: right / judged, unit: '', ...share }),
    ...Object.entries(counts).map(([verdict, value]) =>
      row(`atlas-${verdict}, ${label}`, { value, unit: 'tests' }),
    ),
  ];
}

/** @returns what the page saves as JSON; undefined where it was built without the tests */
async function runPage(url, launch) {
  const browser = await chromium.launch(launch);
  try {
    const page = await browser.newPage({ acceptDownloads: true });
    await page.goto(url);
    await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
    if (await page.locator('#run').isDisabled()) return undefined;
    await page.click('#run');
    await page.waitForSelector('html[data-state=done]', { state: 'attached', timeout: LIMIT_MS });
    const saved = page.waitForEvent('download');
    await page.click('#save-json');
    return JSON.parse(await readFile(await (await saved).path(), 'utf8'));
  } finally {
    await browser.close();
  }
}

function countsOf({ verdicts }) {
  const { waiting: _, ...ended } = LETTERS;
  const entries = Object.entries(ended).map(([verdict, letter]) => [
    verdict,
    verdicts.split(letter).length - 1,
  ]);
  return Object.fromEntries(entries);
}

/** Why tests are left out, and which ones are not right, by name. */
function tellWhy({ tests, device }, { backend, hardware, verdicts, notes = {} }, load) {
  const named = tests.list.map((test, i) => ({ ...test, letter: verdicts[i] }));
  console.error(
    `\n${backend} on ${hardware}, ${device.browser}; load after it ${load.toFixed(1)}; ${tests.source}`,
  );
  const reasons = new Map();
  for (const { letter, excluded } of named)
    if (letter === LETTERS.excluded) reasons.set(excluded, (reasons.get(excluded) ?? 0) + 1);
  for (const [reason, count] of reasons) console.error(`left out ${count}: ${reason}`);
  for (const verdict of ['wrong', 'failed', 'absent'])
    for (const { name, letter } of named)
      if (letter === LETTERS[verdict])
        console.error(
          `${verdict} ${name}: ${(notes[name] ?? '').replace(/\s+/g, ' ').slice(0, 300)}`,
        );
}
