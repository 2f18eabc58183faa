// node bench/deaths/show.mjs [--room <MB>]: a phone that has too little room for text in pictures as it is opened first
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { engines } from '../../scripts/kills/engines.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { startStack } from '../../scripts/stack.mjs';
import { buildPage } from '../build-page.mjs';
import { describeVisit, peakOf, visitOnPhone } from './phone-visits.mjs';

const MOST_VISITS = 6;

const dir = await mkdtemp(`${tmpdir()}/nearside-deaths-`);
await buildPage(import.meta.url, `${dir}/page`);
const stack = await startStack({ dir: `${dir}/stack`, anyPorts: true, models: ['ocr'] });
const site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
const engine = await engines.chromium();
const visit = {
  url: new URL('ocr', stack.config.model).href,
  trust: stack.pin,
  works: ['stay', 'read'],
};

const roomBytes = await chooseRoom();
console.log(
  `A page may take ${Math.round(roomBytes / 1e6)} MB. Each visit opens the model and reads a photo.`,
);
const device = await engine.newDevice();
const { report } = stack.config;
const visits = await visitOnPhone(device, {
  ...{ site: site.url, roomBytes, visits: MOST_VISITS },
  how: { ...visit, options: { report } },
  until: ({ answer }) => answer !== undefined,
});
for (const [i, one] of visits.entries()) console.log(describeVisit(one, i));
console.log(`What the collector was told: ${stack.config.dashboard} (Ctrl-C ends it)`);
process.once('SIGINT', async () => {
  await device.close();
  await engine.close();
  await Promise.all([site.close(), stack.close()]);
  await rm(dir, { recursive: true, force: true });
});

/** Between what a first visit takes and what it takes on one thread with nothing beside runs, bytes; or as `--room` says. */
async function chooseRoom() {
  const at = process.argv.indexOf('--room');
  if (at > 0) return Number(process.argv[at + 1]) * 1e6;
  const alone = { backend: 'onnx-wasm', threads: 1, tune: 'off', policy: { update: 'manual' } };
  const usual = await peakOf(engine, { site: site.url, how: visit });
  const light = await peakOf(engine, { site: site.url, how: { ...visit, options: alone } });
  return (usual + light) / 2;
}
