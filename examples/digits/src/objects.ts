import type { FoundObject, ImageInput } from 'nearside';
import { cameraLost, startCamera } from './camera.js';
import { listenForFiles } from './file-sources.js';
import { formatPercent } from './format-percent.js';
import { markMore } from './mark-more.js';
import { openTask } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';

const SAMPLES: Readonly<Record<string, URL>> = {
  'An astronaut': new URL('../samples/astronaut.jpg', import.meta.url),
  'A cup of coffee': new URL('../samples/coffee.jpg', import.meta.url),
  'A cat': new URL('../samples/cat.jpg', import.meta.url),
};
const FACE = 'face';
/** A box that begins in this share of the picture has its name inside, because there is no room above. */
const HIGH = 0.08;
/** While the camera runs, the list changes at most so often: faster than that nobody reads it. */
const LIST_EVERY_MS = 500;

const sample = part('sample', HTMLSelectElement);
const photo = part('photo', HTMLImageElement);
const camera = part('camera', HTMLVideoElement);
const film = part('film', HTMLButtonElement);
const boxes = part('boxes', HTMLElement);
const busy = part('looking', HTMLElement);
const result = part('result', HTMLElement);
const list = part('objects', HTMLElement);
const summary = part('summary', HTMLElement);
const speed = part('speed', HTMLElement);
const problem = createProblemPanel(part('picture-problem', HTMLElement));
/** It aborts the look at the picture or camera before. */
let looking = new AbortController();

markMore(list);
sample.append(...Object.keys(SAMPLES).map((name) => new Option(name, name)));
const opened = openUntilReady(openBoth);
void lookAt(fetchSample());

sample.addEventListener('change', () => void lookAt(fetchSample()));
film.addEventListener('click', () => void (isFilming() ? stopFilming() : lookThrough()));
document.addEventListener('visibilitychange', () => {
  if (document.hidden && isFilming()) void stopFilming();
});
listenForFiles({
  chooser: part('file', HTMLInputElement),
  onFile: (picture) => void lookAt(picture),
});

/** Things are what takes longest to fetch. */
async function openBoth(onProgress: Parameters<typeof openTask>[1]['onProgress']) {
  const [faces, things] = await Promise.all([
    openTask('faces', { task: 'object-detection', onProgress() {} }),
    openTask('things', { task: 'object-detection', onProgress }),
  ]);
  return [faces, things] as const;
}

async function fetchSample(): Promise<Blob> {
  const response = await fetch(SAMPLES[sample.value] as URL);
  return response.blob();
}

/** Shows a picture, and what is found in it; a newer one ends this one. */
function lookAt(given: Blob | Promise<Blob>): Promise<void> {
  return begin(async (signal) => {
    const picture = await given;
    signal.throwIfAborted();
    await show(picture);
    await opened;
    signal.throwIfAborted();
    busy.hidden = false;
    const started = performance.now();
    const found = await findIn(picture, signal);
    draw(found, { width: photo.naturalWidth, height: photo.naturalHeight });
    tell(found);
    speed.textContent = `Found in ${Math.round(performance.now() - started)} ms.`;
  });
}

/** Shows what the camera sees, and what is found in it, until something else is looked at. */
function lookThrough(): Promise<void> {
  return begin(async (signal) => {
    film.setAttribute('aria-pressed', 'true');
    const track = await startCamera(camera, { signal });
    photo.hidden = true;
    camera.hidden = false;
    let told = 0;
    while (track.readyState === 'live') {
      const started = performance.now();
      const found = await findIn(camera, signal);
      const now = performance.now();
      draw(found, { width: camera.videoWidth, height: camera.videoHeight });
      if (now - told >= LIST_EVERY_MS) {
        told = now;
        tell(found);
        speed.textContent = `${(1000 / (now - started)).toFixed(1)} pictures a second.`;
      }
      await new Promise(requestAnimationFrame);
      signal.throwIfAborted();
    }
    throw cameraLost(track);
  });
}

/** Ends what went on before, and says what goes wrong now. */
async function begin(look: (signal: AbortSignal) => Promise<void>): Promise<void> {
  looking.abort();
  looking = new AbortController();
  const { signal } = looking;
  forget();
  try {
    await look(signal);
  } catch (error) {
    if (signal.aborted) return;
    forget();
    problem.show(error);
  }
}

function isFilming(): boolean {
  return film.getAttribute('aria-pressed') === 'true';
}

function stopFilming(): Promise<void> {
  return lookAt(fetchSample());
}

function forget(): void {
  problem.hide();
  film.setAttribute('aria-pressed', 'false');
  camera.hidden = true;
  photo.hidden = false;
  busy.hidden = true;
  result.hidden = true;
  speed.textContent = '';
  boxes.replaceChildren();
  list.replaceChildren();
}

/** A file that is no picture is left to the models, which say so. */
async function show(picture: Blob): Promise<void> {
  URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(picture);
  await photo.decode().catch(() => {});
}

/** @returns faces before things */
async function findIn(picture: ImageInput, signal: AbortSignal): Promise<readonly FoundObject[]> {
  const models = await opened;
  signal.throwIfAborted();
  const runs = models.map((model) => model.run(picture, { signal, priority: 'interactive' }));
  const found = await Promise.all(runs);
  signal.throwIfAborted();
  return found.flatMap(({ output }) => output);
}

function draw(
  found: readonly FoundObject[],
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const shapes = found.flatMap((one) => {
    const { box, points = [] } = one;
    const frame = Object.assign(document.createElement('div'), { className: 'box' });
    frame.classList.toggle('is-face', one.label === FACE);
    frame.classList.toggle('is-high', box.y < HIGH * height);
    placeAt(frame, box.x / width, box.y / height);
    frame.style.width = `${(100 * box.width) / width}%`;
    frame.style.height = `${(100 * box.height) / height}%`;
    const name = Object.assign(document.createElement('span'), { className: 'name' });
    name.textContent = `${nameOf(one)} ${formatPercent(one.score)}`;
    frame.append(name);
    const dots = points.map(([x, y]) => {
      const dot = Object.assign(document.createElement('i'), { className: 'point' });
      placeAt(dot, x / width, y / height);
      return dot;
    });
    return [...dots, frame];
  });
  boxes.replaceChildren(...shapes);
}

function placeAt(element: HTMLElement, x: number, y: number): void {
  element.style.left = `${100 * x}%`;
  element.style.top = `${100 * y}%`;
}

function tell(found: readonly FoundObject[]): void {
  busy.hidden = true;
  result.hidden = false;
  const said = summarize(found);
  if (summary.textContent !== said) summary.textContent = said; // only a change is worth announcing
  list.replaceChildren(...found.map(itemOf));
}

/** `2 × Face, Cat` */
function summarize(found: readonly FoundObject[]): string {
  const counts = new Map<string, number>();
  for (const one of found) counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + 1);
  const said = [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`));
  return said.join(', ') || 'Nothing that these models know';
}

function itemOf(one: FoundObject, index: number): HTMLElement {
  const item = document.createElement('li');
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  const kind = Object.assign(document.createElement('span'), { className: 'kind' });
  kind.classList.toggle('is-face', one.label === FACE);
  kind.textContent = nameOf(one);
  const sure = document.createElement('span');
  sure.textContent = formatPercent(one.score);
  sure.title = 'How sure the model is';
  button.append(kind, sure);
  item.append(button);
  const choose = () => mark(index);
  item.addEventListener('pointerenter', choose);
  item.addEventListener('focusin', choose);
  return item;
}

function mark(index: number): void {
  for (const group of [boxes.querySelectorAll('.box'), list.children]) {
    for (const [i, one] of [...group].entries()) one.classList.toggle('is-chosen', i === index);
  }
}

function nameOf({ label }: FoundObject): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
