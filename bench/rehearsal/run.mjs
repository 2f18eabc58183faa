import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { intervalOf, median } from '../bootstrap.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { publishAlone } from './publish-alone.mjs';

/** An estimate is right when it is off by no more than this share of what was measured. */
const MOST_ERROR = 0.25;

/** Rounds, each with an estimate between two measurements. */
const TRIALS = sized(3);

/** @param {string} dir empty folder to work in */
export async function* runSuite(dir, { trials = TRIALS }) {
  await buildPage(import.meta.url, `${dir}/page`);
  const published = await publishAlone(dir);
  const site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  const cases = [];
  for (const model of published.models) {
    for (const contender of contendersOf(model)) {
      const rounds = [];
      for (let i = 0; i < trials; i += 1) {
        rounds.push(await compare(browser, site.url, { published, model, contender }));
      }
      const error = median(rounds.map(({ error }) => error));
      const noise = median(rounds.map(({ noise }) => noise));
      cases.push({ error, noise, weightShare: Math.max(...rounds.map(({ share }) => share)) });
      console.error(describe(model, contender, rounds, error));
    }
  }
  await browser.close();
  await Promise.all([site.close(), published.close()]);
  const errors = cases.map(({ error }) => error);
  const rightShare = (values) =>
    values.filter((error) => Math.abs(error) <= MOST_ERROR).length / values.length;
  const sizes = errors.map(Math.abs);
  yield* [
    row('rehearsal-error', {
      value: rightShare(errors),
      unit: `of ${errors.length} estimates within ± ${MOST_ERROR}`,
      interval: intervalOf(errors, rightShare),
      atLeast: 5 / 6,
    }),
    row('rehearsal-noise', {
      value: rightShare(cases.map(({ noise }) => noise)),
      unit: `of ${cases.length} second measurements within ± ${MOST_ERROR} of the first`,
    }),
    row('rehearsal-error-median', {
      value: median(sizes),
      unit: '',
      interval: intervalOf(sizes, median),
    }),
    row('rehearsal-weight-share', {
      value: Math.max(...cases.map(({ weightShare }) => weightShare)),
      unit: '',
      atMost: 0.02,
    }),
  ];
}

function contendersOf({ runtime }) {
  if (runtime === 'tfjs') return [{ backend: 'tfjs-wasm', threads: 1 }];
  return [1, 2].map((threads) => ({ backend: 'onnx-wasm', threads }));
}

/** In a page of its own: an estimate between two measurements, of which the geometric mean counts. */
async function compare(browser, siteUrl, { published, model, contender }) {
  const page = await browser.newPage();
  await page.goto(siteUrl);
  await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
  const { name, inputs, chunks } = model;
  const how = { url: `${published.url}/${name}`, trust: published.trust, ...contender };
  let weightBytes = 0;
  const weights = new Map(chunks.map(([sha256, size, gzip]) => [sha256, gzip ?? size]));
  const allBytes = [...weights.values()].reduce((sum, bytes) => sum + bytes, 0);
  page.on('request', (request) => {
    const [, sha256 = ''] = /chunks\/([0-9a-f]{64})/.exec(request.url()) ?? [];
    weightBytes += weights.get(sha256) ?? 0;
  });
  const measure = () => page.evaluate((how) => globalThis.measure(how), { ...how, inputs });
  const before = await measure();
  const bytesBefore = weightBytes;
  const estimate = await page.evaluate((how) => globalThis.estimate(how), how);
  const share = (weightBytes - bytesBefore) / allBytes;
  const after = await measure();
  await page.close();
  const { estimatedMs, code, message } = estimate;
  if (estimatedMs === undefined) throw new Error(`${name}: ${code}: ${message}`);
  const measuredMs = Math.sqrt(before * after);
  return {
    estimatedMs,
    measuredMs,
    error: estimatedMs / measuredMs - 1,
    noise: after / before - 1,
    share,
  };
}

function describe({ name }, { backend, threads }, rounds, error) {
  const times = rounds.map(
    ({ estimatedMs, measuredMs }) => `${estimatedMs.toFixed(3)}/${measuredMs.toFixed(3)}`,
  );
  const sign = error < 0 ? '−' : '+';
  const percent = `${sign}${Math.abs(100 * error).toFixed(0)} %`;
  return `${name} on ${backend}, ${threads} threads: ${times.join(' ')} ms, ${percent}`;
}
