import { openStore } from '@nearside/artifact';
import { open } from 'nearside';
import { openDevice } from '../device.mjs';
import { measureWarmReads } from './warm-reads.js';

const deviceAt = (url, pin) => openDevice({ url, pin, store: openStore('nearside-models') });

/** What the suite calls from outside. */
window.bench = {
  install: (url, pin) => deviceAt(url, pin).install(),
  measureWarmReads: (url, pin, options) => measureWarmReads(deviceAt(url, pin), options),
  /** The library as an app uses it. */
  async open(url, trust) {
    const model = await open(url, { trust, backend: 'onnx-wasm' });
    await model.close();
  },
};

/** What a browser that is killed does by its address alone; it tells by requests how far it is. */
const { task, repository, pin } = Object.fromEntries(new URLSearchParams(location.search));
if (task) await run();
document.documentElement.dataset.state = 'ready';

async function run() {
  const device = deviceAt(`${repository}up/noise`, pin);
  if (task === 'inspect') return report('inspected', await inspect(device));
  await report('began');
  if (task !== 'idle') await device[task]();
  await report('done');
}

/** What the device runs without a network, and what with one. */
async function inspect(online) {
  const offline = deviceAt(`${repository}down/noise`, pin);
  const found = await offline.read().then(
    ({ version }) => version.release.version,
    (error) => error.code ?? String(error),
  );
  const installed = await online.install();
  return { found, recovered: (await online.update()) ?? installed };
}

async function report(state, result) {
  await fetch('/reports', { method: 'POST', body: JSON.stringify({ state, result }) });
}
