// A page as people have it open: it runs the model, tells what it reads, and looks for another version every few seconds.
import { open } from 'nearside';
import { drawOne } from '../draw-one.js';

const RUN_EVERY_MS = 500;
const UPDATE_EVERY_MS = 5_000;

/** @param {{ url: string, trust: string, report: string }} how */
globalThis.start = async ({ url, trust, report }) => {
  const policy = { update: 'manual', restHiddenMs: Infinity };
  const model = await open(url, { trust, report, tune: 'off', policy });
  globalThis.model = model;
  setInterval(() => model.update().catch(() => {}), UPDATE_EVERY_MS);
  void keepReading(model);
  return model.stats().version;
};

async function keepReading(model) {
  for (;;) {
    await globalThis.tell(await readOnce(model));
    await new Promise((resolve) => setTimeout(resolve, RUN_EVERY_MS));
  }
}

async function readOnce(model) {
  try {
    const { output, meta } = await model.run(drawOne());
    return { version: meta.version, said: output[0].label };
  } catch ({ code, message }) {
    return { code: code ?? message };
  }
}

/** What puts it on a side of a rollout. It never leaves a device but here. */
globalThis.installId = async () => {
  const opening = indexedDB.open('nearside-reports');
  await settled(opening);
  const asked = opening.result.transaction('nearside').objectStore('nearside').get('i/install');
  await settled(asked);
  opening.result.close();
  return asked.result.id;
};

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  });
}

document.documentElement.dataset.state = 'ready';
