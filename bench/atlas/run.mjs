import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { chromium } from '@playwright/test';
import { chromiumGpuLaunch, chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildBenchPage } from '../page/build.mjs';
import { LETTERS } from '../page/src/atlas/verdict-letters.js';
import { missingRow, row } from '../row.mjs';
import { packCorpus } from './pack-corpus.mjs';
import { writeWrongOnWebgpu } from './wrong-on-webgpu.mjs';

/** What the wasm backend is held to, s and share; a GPU that is computed in software is held to nothing. */
const TARGETS = { seconds: { atMost: 300 }, share: { atLeast: 0.98 } };

const WASM = 'atlas.html?backends=onnx-wasm';
const WEBGPU = 'atlas.html?backends=onnx-webgpu';
const COMPARED = `${WEBGPU}&compared`;

/** No run takes so long, ms: a page that hangs does not hold up the bench for ever. */
const LIMIT_MS = 30 * 60_000;

/** A difference that the narrowest tolerance of `pack` allows is no wrong number, whatever ONNX's own runner says. */
const ALLOWED = 1e-4;

/**
 * The operator atlas without somebody who looks: every node test of ONNX on each backend, in the page that people see.
 *
 * @param {string} dir empty folder to work in
 */
export async function* runSuite(dir) {
  await buildBenchPage(`${dir}/page`);
  const site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
  const wasm = await runPage(`${site.url}${WASM}`, chromiumLaunch);
  yield* rowsOf('onnx-wasm', wasm, TARGETS);
  const webgpu = await runPage(`${site.url}${WEBGPU}`, chromiumGpuLaunch);
  yield* rowsOf('onnx-webgpu', webgpu, {});
  const compared = await runPage(`${site.url}${COMPARED}`, chromiumGpuLaunch);
  await site.close();
  yield* selfCheckRows([{ wasm, webgpu, compared }, await runWrongOnWebgpu(dir)]);
}

async function runWrongOnWebgpu(dir) {
  const tests = await packCorpus(await writeWrongOnWebgpu(`${dir}/wrong`));
  await writeFile(`${dir}/page/node-tests.packed`, tests);
  const { url, close } = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
  const wasm = await runPage(`${url}${WASM}`, chromiumLaunch);
  const webgpu = await runPage(`${url}${WEBGPU}`, chromiumGpuLaunch);
  const compared = await runPage(`${url}${COMPARED}`, chromiumGpuLaunch);
  await close();
  return { wasm, webgpu, compared };
}

/** How files fare that are right on wasm: whether WebGPU would serve them after the library's self-check. */
function selfCheckRows(runs) {
  const [served, refused, untried] = [
    { name: 'atlas-wrong-served', unit: 'tests', atMost: 0 },
    { name: 'atlas-right-refused', unit: 'tests', atMost: 0 },
    { name: 'atlas-right-untried', unit: '', atMost: 0.2 },
  ];
  const isMissing = runs.flatMap(Object.values).some((result) => !result || problemOf(result));
  if (isMissing) {
    const missing = 'the atlas did not run on every backend';
    return [served, refused, untried].map(({ name, ...rest }) =>
      missingRow(name, { ...rest, missing }),
    );
  }
  const tests = runs.flatMap(fatesOf);
  const wrong = tests.filter(({ onGpu }) => onGpu === 'wrong');
  const right = tests.filter(({ onGpu }) => onGpu === 'right');
  const among = (list, fate) => list.filter((test) => test.fate === fate);
  for (const { name, onGpu, fate, note } of tests)
    if (onGpu === 'wrong' || fate !== 'served')
      console.error(`self-check: ${name}, ${onGpu} on WebGPU: ${fate}. ${note}`);
  const counts = [
    among(wrong, 'served').length,
    among(right, 'refused').length,
    among(right, 'untried').length / right.length,
  ];
  return [served, refused, untried].map(({ name, ...rest }, i) =>
    row(name, { ...rest, value: counts[i] }),
  );
}

function problemOf({ columns: [column] }) {
  return column?.problem ?? (column ? undefined : 'no column');
}

/** Tests that are right on wasm, and right or wrong on WebGPU; what fails or is absent there never serves. */
function fatesOf({ wasm, webgpu, compared }) {
  const [onWasm, onGpu, after] = [wasm, webgpu, compared].map(({ columns: [column] }) => column);
  return wasm.tests.list.flatMap(({ name }, i) => {
    const judged = judge(onGpu.verdicts[i], onGpu.notes?.[name] ?? '');
    if (onWasm.verdicts[i] !== LETTERS.right || !judged) return [];
    const note = after.notes?.[name] ?? '';
    return [{ name, onGpu: judged, note, fate: fateOf(after.verdicts[i], note) }];
  });
}

function judge(letter, note) {
  if ([LETTERS.right, LETTERS['right-on-cpu']].includes(letter)) return 'right';
  if (letter !== LETTERS.wrong) return undefined;
  const [, difference = Number.POSITIVE_INFINITY] = /by up to ([\d.e+-]+)/.exec(note) ?? [];
  return Number(difference) > ALLOWED ? 'wrong' : 'right';
}

/** The golden check refuses with `golden-mismatch`; a test without a case that can tell is left out. */
function fateOf(letter, note) {
  if (letter === LETTERS.excluded) return 'untried';
  if (letter !== LETTERS.failed) return 'served';
  return note.startsWith('golden-mismatch') ? 'refused' : 'failed';
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
