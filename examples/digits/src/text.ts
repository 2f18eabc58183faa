import type { TextLine } from 'nearside';
import { listenForFiles } from './file-sources.js';
import { formatPercent } from './format-percent.js';
import { markMore } from './mark-more.js';
import { openTask } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';
import { drawSample, SAMPLE_NAMES } from './sample-pictures.js';
import { rowsOf } from './text-rows.js';

const sample = part('sample', HTMLSelectElement);
const photo = part('photo', HTMLImageElement);
const boxes = document.querySelector<SVGSVGElement>('#boxes') as SVGSVGElement;
const result = part('result', HTMLElement);
const list = part('lines', HTMLElement);
const copy = part('copy', HTMLButtonElement);
const pictureProblem = createProblemPanel(part('picture-problem', HTMLElement));
/** It aborts the look at the picture before. */
let reading = new AbortController();
let rows: readonly (readonly TextLine[])[] = [];

markMore(list);
sample.append(...SAMPLE_NAMES.map((name) => new Option(name, name)));
const opened = openUntilReady((onProgress) => openTask('ocr', { task: 'ocr', onProgress }));
void readSample();

sample.addEventListener('change', () => void readSample());
listenForFiles({
  chooser: part('file', HTMLInputElement),
  onFile: (picture) => void read(picture),
});
copy.addEventListener('click', async () => {
  // A tab parts the lines of a row: a spreadsheet has a column for each.
  const text = rows.map((row) => row.map(({ text }) => text).join('\t')).join('\n');
  await navigator.clipboard.writeText(text);
  copy.textContent = 'Copied';
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, 1500);
});

function readSample(): Promise<void> {
  return read(drawSample(sample.value));
}

/** Shows a picture, and the lines that are read in it; a newer one ends this one, also while it is being drawn. */
async function read(given: Blob | Promise<Blob>): Promise<void> {
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  const busy = part('reading', HTMLElement);
  forget();
  try {
    const picture = await given;
    signal.throwIfAborted();
    await show(picture);
    const model = await opened;
    signal.throwIfAborted();
    busy.hidden = false;
    const { output, meta } = await model.run(picture, { signal, priority: 'interactive' });
    if (!signal.aborted) showLines(output, meta.preMs + meta.runMs + meta.postMs);
  } catch (error) {
    if (!signal.aborted) pictureProblem.show(error);
  } finally {
    if (!signal.aborted) busy.hidden = true;
  }
}

function forget(): void {
  pictureProblem.hide();
  result.hidden = true;
  boxes.replaceChildren();
  list.replaceChildren();
  rows = [];
}

/** A file that is no picture is left to the model, which says so. */
async function show(picture: Blob): Promise<void> {
  URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(picture);
  await photo.decode().catch(() => {});
  boxes.setAttribute('viewBox', `0 0 ${photo.naturalWidth} ${photo.naturalHeight}`);
}

function showLines(lines: readonly TextLine[], ms: number): void {
  rows = rowsOf(lines);
  result.hidden = false;
  copy.hidden = lines.length === 0;
  const count = `${lines.length} line${lines.length === 1 ? '' : 's'}`;
  part('summary', HTMLElement).textContent = lines.length === 0 ? 'No text found' : count;
  part('speed', HTMLElement).textContent = `Found and read in ${(ms / 1000).toFixed(1)} s.`;
  for (const row of rows) {
    const item = document.createElement('li');
    for (const line of row) {
      const [button, shape] = [lineButton(line), shapeOf(line)];
      boxes.append(shape);
      item.append(button);
      const choose = () => mark(shape, button);
      button.addEventListener('pointerenter', choose);
      button.addEventListener('focus', choose);
      shape.addEventListener('click', () => {
        choose();
        button.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
      });
    }
    list.append(item);
  }
}

function shapeOf({ points }: TextLine): SVGPolygonElement {
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
  shape.setAttribute('points', points.map((point) => point.join()).join(' '));
  return shape;
}

function lineButton({ text, score }: TextLine): HTMLElement {
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  const says = Object.assign(document.createElement('span'), { textContent: text });
  const sure = Object.assign(document.createElement('span'), {
    textContent: formatPercent(score),
    title: 'How sure the model is',
  });
  button.append(says, sure);
  return button;
}

function mark(...chosen: Element[]): void {
  for (const one of document.querySelectorAll('.is-chosen')) one.classList.remove('is-chosen');
  for (const one of chosen) one.classList.add('is-chosen');
}
