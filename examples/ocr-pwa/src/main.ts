import { registerApp } from './app-updates.js';
import { createCameraView } from './camera-view.js';
import { prepareKeepOffer } from './keep-offer.js';
import { createLinesView } from './lines-view.js';
import { becomeReadyOffline, showOfflineState } from './offline-state.js';
import { openReader } from './open-reader.js';
import { part } from './part.js';
import { listenForPhotos } from './photo-sources.js';
import { createPhotoView } from './photo-view.js';
import { showProblem } from './problem-panel.js';

const page = document.documentElement;
const photoView = createPhotoView(choose);
const linesView = createLinesView(choose);
/** Of the photo before, which nobody waits for any more. */
let reading = new AbortController();

const opened = openReader();
const keepOffer = prepareKeepOffer(opened);
const camera = createCameraView((photo) => void read(photo));
listenForPhotos(part('file', HTMLInputElement), (photo) => {
  camera.close();
  void read(photo);
});
part('example').addEventListener('click', () => void readExample());
part('stop-reading').addEventListener('click', () => stopReading());
void keepOfflineCopy();

/** Shows a photo, and the lines that are read in it. A newer one ends this one. */
async function read(photo: Blob): Promise<void> {
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  showProblem(part('read-problem'), undefined);
  linesView.hide();
  page.dataset.reading = 'on';
  try {
    await photoView.show(photo);
    const model = await opened;
    signal.throwIfAborted();
    const { output, meta } = await model.run(photo, { signal, priority: 'interactive' });
    if (signal.aborted) return;
    photoView.drawBoxes(output);
    linesView.show(output);
    const seconds = (meta.preMs + meta.runMs + meta.postMs) / 1000;
    part('speed').textContent = `Read on this device in ${seconds.toFixed(1)} s.`;
    if (output.length > 0) await keepOffer.show();
  } catch (error) {
    if (!signal.aborted) showProblem(part('read-problem'), error);
  } finally {
    if (!signal.aborted) delete page.dataset.reading;
  }
}

function stopReading(): void {
  reading.abort();
  delete page.dataset.reading;
}

async function readExample(): Promise<void> {
  const response = await fetch(new URL('example.jpg', document.baseURI));
  await read(await response.blob());
}

function choose(index: number): void {
  photoView.mark(index);
  linesView.choose(index);
}

/**
 * At a first visit the app's files are kept when the model is there: both would be fetched side by side, the runtime
 * twice. Later a new version is looked for at once.
 */
async function keepOfflineCopy(): Promise<void> {
  const offerUpdate = (reload: () => void) => {
    part('update-reload').onclick = reload;
    part('update').hidden = false;
  };
  part('update-later').addEventListener('click', () => {
    part('update').hidden = true;
  });
  const workers = navigator.serviceWorker;
  const isAgain = Boolean(workers?.controller);
  showOfflineState(isAgain ? 'unknown' : 'needs-connection');
  const model = isAgain ? undefined : await opened;
  if (workers) registerApp(offerUpdate).catch(() => showOfflineState('unavailable'));
  const state = await becomeReadyOffline(model ?? (await opened)).catch(
    () => 'needs-connection' as const,
  );
  showOfflineState(state);
}
