import type { Mask, ModelOf } from 'nearside';
import { cameraLost, startCamera } from './camera.js';
import { listenForFiles } from './file-sources.js';
import { formatPercent } from './format-percent.js';
import { openTask } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';
import { type Background, createScene, shareOf } from './scene.js';

const start = part('start', HTMLButtonElement);
const video = part('camera', HTMLVideoElement);
const effect = part('effect', HTMLFormElement);
const canvas = part('shown', HTMLCanvasElement);
const pictureProblem = createProblemPanel(part('picture-problem', HTMLElement));
const scene = createScene(canvas);
/** Ends what was begun before: a picture that is looked at, or the camera. */
let work = new AbortController();
let isFilming = false;

const opened = openUntilReady((onProgress) =>
  openTask('people', { task: 'image-segmentation', onProgress }),
);
void showSample();

part('sample', HTMLButtonElement).addEventListener('click', () => void showSample());
listenForFiles({
  chooser: part('file', HTMLInputElement),
  onFile: (picture) => void showPicture(picture),
});
start.addEventListener('click', () => {
  if (isFilming) stopFilming('The camera is off.');
  else void film();
});
effect.addEventListener('input', () => {
  for (const one of effect.querySelectorAll<HTMLElement>('[data-of]')) {
    one.hidden = one.dataset.of !== chosenBackground().kind;
  }
  scene.draw(chosenBackground());
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden && isFilming) stopFilming('The camera is off, as the page was hidden.');
});
part('save', HTMLButtonElement).addEventListener('click', () => canvas.toBlob(save));

function chosenBackground(): Background {
  const chosen = new FormData(effect).get('ground');
  if (chosen === 'color') return { kind: 'color', color: part('color', HTMLInputElement).value };
  if (chosen === 'dusk' || chosen === 'none') return { kind: chosen };
  return { kind: 'blur', strength: part('strength', HTMLInputElement).valueAsNumber };
}

/** Ends what went on before. */
function begin(): AbortSignal {
  work.abort();
  work = new AbortController();
  pictureProblem.hide();
  showFilming(false);
  say('');
  return work.signal;
}

async function showSample(): Promise<void> {
  const response = await fetch(new URL('../samples/astronaut.jpg', import.meta.url));
  await showPicture(await response.blob());
}

/** Shows a picture, and its people before the background that is chosen; something newer ends this. */
async function showPicture(picture: Blob): Promise<void> {
  const signal = begin();
  try {
    const bitmap = await createImageBitmap(picture).catch(() => undefined); // the model says what it is
    signal.throwIfAborted();
    if (bitmap) scene.show(bitmap);
    const model = await opened;
    signal.throwIfAborted();
    const { output, meta } = await model.run(picture, { signal, priority: 'interactive' });
    scene.cut(output, chosenBackground());
    showFacts(output, meta.preMs + meta.runMs + meta.postMs);
    say(shareOf(output) < 0.005 ? 'Nobody was found.' : '');
  } catch (error) {
    if (!signal.aborted) fail(error, 'That picture could not be looked at');
  }
}

/** From the camera until it is stopped, taken away, or something else is shown. */
async function film(): Promise<void> {
  const signal = begin();
  showFilming(true);
  try {
    const track = await startCamera(video, { signal });
    track.addEventListener('ended', () => {
      if (!signal.aborted) fail(cameraLost(track), 'The camera is gone');
    });
    canvas.classList.toggle('is-mirrored', track.getSettings().facingMode !== 'environment');
    const model = await opened;
    await followCamera(model, signal);
  } catch (error) {
    if (!signal.aborted) fail(error, 'There is no picture of the camera');
  }
}

/** One picture at a time: what the camera takes meanwhile is left out, and never waits. */
async function followCamera(
  model: ModelOf<'image-segmentation'>,
  signal: AbortSignal,
): Promise<void> {
  const pace = countPerSecond();
  while (!signal.aborted) {
    await nextPicture(signal);
    const frame = new VideoFrame(video);
    try {
      const { output, meta } = await model.run(frame, { signal, priority: 'interactive' });
      if (signal.aborted) return;
      scene.show(frame);
      scene.cut(output, chosenBackground());
      const perSecond = pace();
      if (perSecond !== undefined) {
        showFacts(output, meta.preMs + meta.runMs + meta.postMs, perSecond);
      }
    } finally {
      frame.close();
    }
  }
}

function nextPicture(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      video.cancelVideoFrameCallback(callback);
      reject(signal.reason);
    };
    const callback = video.requestVideoFrameCallback(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** @returns counts one, and gives how many there were in the last second, once a second */
function countPerSecond(): () => number | undefined {
  let count = 0;
  let sinceMs = performance.now();
  return () => {
    count++;
    const tookMs = performance.now() - sinceMs;
    if (tookMs < 1000) return undefined;
    const perSecond = (count * 1000) / tookMs;
    count = 0;
    sinceMs = performance.now();
    return perSecond;
  };
}

function stopFilming(why: string): void {
  work.abort();
  showFilming(false);
  say(why);
}

function showFilming(now: boolean): void {
  isFilming = now;
  document.documentElement.toggleAttribute('data-filming', now);
  start.setAttribute('aria-pressed', String(now));
  start.textContent = now ? 'Stop camera' : 'Start camera';
  part('pace-fact', HTMLElement).hidden = true;
  if (!now) canvas.classList.remove('is-mirrored');
}

function showFacts(mask: Mask, tookMs: number, perSecond?: number): void {
  const share = formatPercent(shareOf(mask));
  write('covered', share);
  write('took', `${tookMs.toFixed(tookMs < 10 ? 1 : 0)} ms`);
  if (perSecond !== undefined) write('pace', perSecond.toFixed(0));
  part('pace-fact', HTMLElement).hidden = perSecond === undefined;
  part('result', HTMLElement).hidden = false;
  canvas.ariaLabel = `${perSecond === undefined ? 'The picture' : 'The camera'}: people cover ${share} of it`;
}

function fail(error: unknown, title: string): void {
  work.abort();
  showFilming(false);
  part('result', HTMLElement).hidden = true;
  write('problem-title', title);
  pictureProblem.show(error);
}

function say(text: string): void {
  write('status', text);
}

function write(id: string, text: string): void {
  part(id, HTMLElement).textContent = text;
}

function save(blob: Blob | null): void {
  if (!blob) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = 'people.png';
  link.click();
  URL.revokeObjectURL(link.href);
}
