import { cp } from 'node:fs/promises';
import { basename } from 'node:path';
import { serveSite } from '../../scripts/serve-site.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { buildPage } from '../build-page.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { tellNowAndThen, turns } from '../turns.mjs';
import { MORE_BYTES, publishMemoryModels } from './models.mjs';
import { openOnce, withProfile } from './openings.mjs';

const TRIALS = sized(3);

/** The smallest phone is found to so many bytes: 0.03 of what the large model has more. */
const STEP_BYTES = sized(8 * 1024 * 1024, 512 * 1024 * 1024);

/**
 * What opening a model of 256 MB takes more than one of 1 MB: in the memory of the page's process, and in time.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} [options] openings of each
 */
export async function* runSuite(dir, { trials = TRIALS } = {}) {
  const siteDir = `${dir}/page`;
  await buildPage(import.meta.url, siteDir);
  const models = await publishMemoryModels(`${dir}/models`, siteDir);
  const site = await serveSite({ dir: siteDir, config: {}, port: 0 });
  const bench = { site: site.url, models, trials };
  yield* await peaksOnWasm(bench);
  yield peakRow(
    'peak-memory-ratio, onnx-webgpu in software',
    await peaks(bench, 'beside', 'onnx-webgpu'),
    1,
  );
  yield peakRow('peak-memory-ratio, tfjs-wasm', await peaks(bench, 'tfjs', 'tfjs-wasm'));
  yield await unsignedPeaks(bench);
  yield* await leastRooms(bench);
  await Promise.all([site.close(), models.close()]);
}

/** In pairs with weights inside the ONNX file, as it was before. */
async function peaksOnWasm({ trials, ...bench }) {
  const [beside, inside, times] = [[], [], []];
  for (const _ of turns('openings on wasm', trials)) {
    const one = { ...bench, trials: 1 };
    const [ours] = await peaks(one, 'beside', 'onnx-wasm');
    const [before] = await peaks(one, 'inside', 'onnx-wasm');
    beside.push(ours);
    inside.push(before);
    times.push(ours.openMs / before.openMs);
  }
  return [
    peakRow('peak-memory-ratio, onnx-wasm', beside, 2),
    peakRow('peak-memory-ratio, onnx-wasm, weights inside', inside),
    row('open-large-ratio', { ...spread(times), atMost: 1 }),
  ];
}

/** @returns of each trial the larger peak of a first and a second visit, and the second's time */
async function peaks({ trials, ...bench }, form, backend) {
  const seen = [];
  for (const _ of turns(`openings on ${backend}`, trials)) {
    const [large, small] = [
      await visits(bench, form, 'large', backend),
      await visits(bench, form, 'small', backend),
    ];
    seen.push({ more: large.peakBytes - small.peakBytes, openMs: large.openMs });
  }
  return seen;
}

function visits({ site, models }, form, size, backend) {
  const how = howOf(models, form, size, backend);
  return withProfile(async (profile) => {
    const first = await openOnce(profile, { site, how });
    const { peakBytes, openMs } = await openOnce(profile, { site, how });
    return { peakBytes: Math.max(first.peakBytes, peakBytes), openMs };
  });
}

function howOf({ urlOf, trust }, form, size, backend) {
  return { url: urlOf(form, size), trust, backend, threads: 1 };
}

async function unsignedPeaks({ site, models, trials }) {
  const peakOf = (size) => {
    const how = { files: models.filesOf(size), backend: 'onnx-wasm', threads: 1 };
    return withProfile(async (profile) => (await openOnce(profile, { site, how })).peakBytes);
  };
  const seen = [];
  for (const _ of turns('openings of an unsigned file', trials))
    seen.push({ more: (await peakOf('large')) - (await peakOf('small')) });
  return peakRow('peak-memory-unsigned-ratio, onnx-wasm', seen);
}

/** The smallest phone on which a second visit opens the model. */
async function leastRooms(bench) {
  const [small, beside, inside] = [
    await leastRoom(bench, 'beside', 'small'),
    await leastRoom(bench, 'beside', 'large'),
    await leastRoom(bench, 'inside', 'large'),
  ];
  return [
    row('least-room-ratio', { value: (beside - small) / MORE_BYTES, unit: '', atMost: 2 }),
    row('least-room-ratio, weights inside', { value: (inside - small) / MORE_BYTES, unit: '' }),
  ];
}

function leastRoom({ site, models }, form, size) {
  const how = howOf(models, form, size, 'onnx-wasm');
  return withProfile(async (profile) => {
    const say = tellNowAndThen();
    await openOnce(profile, { site, how });
    const { peakBytes } = await openOnce(profile, { site, how });
    let tooSmall = 0;
    let enough = 2 * peakBytes;
    while (enough - tooSmall > STEP_BYTES) {
      const roomBytes = Math.round((tooSmall + enough) / 2);
      say(`room for ${size}, weights ${form}: above ${tooSmall}, at most ${enough} bytes`);
      // A page that died would be remembered, and the next one would not open the model.
      const seen = await withProfile(async (copy) => {
        await cp(profile, copy, { recursive: true, filter: isKept });
        return openOnce(copy, { site, how, roomBytes });
      });
      if (seen) enough = roomBytes;
      else tooSmall = roomBytes;
    }
    return enough;
  });
}

/** A browser's lock on its profile, which would be the copy's too. */
function isKept(path) {
  return !basename(path).startsWith('Singleton');
}

function peakRow(name, seen, atMost) {
  return row(name, { ...spread(seen.map(({ more }) => more / MORE_BYTES)), atMost });
}

function spread(values) {
  return { value: median(values), unit: '', interval: medianInterval(values) };
}
