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
  yield* await rowsOf(site.url, 'onnx-wasm', chromiumLaunch, TARGETS);
  yield* await rowsOf(site.url, 'onnx-webgpu', chromiumGpuLaunch, {});
  await site.close();
}

async function rowsOf(url, backend, launch, { seconds, share }) {
  const [load] = loadavg();
  const result = await runPage(`${url}atlas.html?backends=${backend}`, launch);
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
    `\n${backend} on ${hardware}, ${device.browser}; load before it ${load.toFixed(1)}; ${tests.source}`,
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
