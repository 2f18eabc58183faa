import { chromium } from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { publishModels, startRepository } from '../../scripts/stack.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { goldenBytesShare } from './golden-bytes.mjs';

/** @param {string} dir empty folder to work in */
export async function* runSuite(dir) {
  await buildPage(import.meta.url, `${dir}/page`);
  const published = await publishModels(dir);
  const repository = await startRepository(published.repository, 0);
  const config = { models: repository.url, trust: published.pin };
  const site = await serveSite({ dir: `${dir}/page`, config, port: 0 });
  const browser = await chromium.launch(chromiumLaunch);
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.waitForSelector('html[data-state=ready]', { state: 'attached' });
  const photo = await page.evaluate('measurePhoto()');
  yield measuredRow('photo-vs-floor-ratio', ratios(photo.floor), { atMost: 0.9 });
  yield measuredRow('photo-vs-transformers-ratio', ratios(photo.transformers), { atMost: 0.5 });
  yield measuredRow('photo-vs-canvas-ratio', ratios(photo.canvas), { atMost: 1.3 });
  yield measuredRow('photo-reduced-ratio', ratios(photo.reduced), { atMost: 0.4 });
  yield row('photo-reduced-2-levels', { value: photo.levels[2], unit: 'levels', atMost: 8 });
  yield row('photo-reduced-4-levels', { value: photo.levels[4], unit: 'levels', atMost: 3 });
  const small = await page.evaluate('measureSmallPicture()');
  yield measuredRow('small-picture-ms', differences(small), { unit: 'ms', atMost: 0.3 });
  const audio = await page.evaluate('measureAudio()');
  yield measuredRow('audio-realtime-factor', audio, { atLeast: 100 });
  const voice = await page.evaluate('measureVoice()');
  yield measuredRow('vad-vs-raw-ratio', ratios(voice.together), { atMost: 1.1 });
  yield measuredRow('vad-piece-ratio', ratios(voice.pieces), { atMost: 1.5 });
  const text = await page.evaluate('measureText()');
  yield measuredRow('ocr-vs-raw-ratio', ratios(text), { atMost: 1.15 });
  const search = await page.evaluate('measureSearch()');
  yield measuredRow('search-vs-loop-ratio', ratios(search.pairs), { atMost: 1.1 });
  const longest = search.longestMs.toSorted((a, b) => a - b);
  yield row('search-longest-task-ms', {
    value: median(longest),
    unit: 'ms',
    interval: [longest.at(0), longest.at(-1)],
    atMost: 50,
  });
  const people = await page.evaluate("measureFrame('people')");
  yield measuredRow('segment-frame-ratio', ratios(people), { atMost: 1.5 });
  const faces = await page.evaluate("measureFrame('faces')");
  yield measuredRow('faces-frame-ratio', ratios(faces), { atMost: 1.5 });
  const objects = await page.evaluate('measureObjects()');
  yield measuredRow('objects-vs-raw-ratio', ratios(objects), { atMost: 1.15 });
  const embedding = await page.evaluate('measureEmbedding()');
  yield measuredRow('embed-vs-raw-ratio', ratios(embedding), { atMost: 1.15 });
  await browser.close();
  await Promise.all([site.close(), repository.close()]);
  yield await goldenBytesShare(published.packed);
}

/** Our time ÷ the peer's, per pair of times. */
function ratios(pairs) {
  return pairs.map(([nearside, peer]) => nearside / peer);
}

/** What ours takes longer, ms, per pair of times. */
function differences(pairs) {
  return pairs.map(([nearside, peer]) => nearside - peer);
}

function measuredRow(name, values, { unit = '', ...bounds }) {
  const interval = medianInterval(values);
  return row(name, { value: median(values), unit, interval, ...bounds });
}
