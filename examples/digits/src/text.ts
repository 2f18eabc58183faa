import { type ModelOf, open, type TextLine } from 'nearside';
import { chosenBackend } from './chosen-backend.js';
import { createOpeningView } from './opening-view.js';
import { fetchPageConfig } from './page-config.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';
import { drawSample, SAMPLE_NAMES } from './sample-pictures.js';

type TextModel = ModelOf<'ocr'>;

const page = document.documentElement;
const file = part('file', HTMLInputElement);
const sample = part('sample', HTMLSelectElement);
const photo = part('photo', HTMLImageElement);
const boxes = document.querySelector<SVGSVGElement>('#boxes') as SVGSVGElement;
const result = part('result', HTMLElement);
const list = part('lines', HTMLElement);
const copy = part('copy', HTMLButtonElement);
const openingView = createOpeningView(part('opening', HTMLElement));
const openProblem = createProblemPanel(part('open-problem', HTMLElement));
const pictureProblem = createProblemPanel(part('picture-problem', HTMLElement));
/** Of the picture before, which is not waited for any more. */
let reading = new AbortController();
let found: readonly TextLine[] = [];

sample.append(...SAMPLE_NAMES.map((name) => new Option(name, name)));
const opened = openUntilReady();
void readSample();

sample.addEventListener('change', () => void readSample());
file.addEventListener('change', () => {
  const [chosen] = file.files ?? [];
  if (chosen) void read(chosen);
  file.value = '';
});
addEventListener('paste', ({ clipboardData }) => {
  const [pasted] = clipboardData?.files ?? [];
  if (pasted) void read(pasted);
});
copy.addEventListener('click', async () => {
  await navigator.clipboard.writeText(found.map(({ text }) => text).join('\n'));
  copy.textContent = 'Copied';
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, 1500);
});
acceptDrops(part('picture', HTMLElement));

async function openUntilReady(): Promise<TextModel> {
  for (;;) {
    try {
      page.dataset.model = 'opening';
      openingView.start();
      const { model: digits, trust, report } = await fetchPageConfig();
      const model = await open(new URL('ocr', digits).href, {
        trust,
        report,
        task: 'ocr',
        backend: chosenBackend(),
        onProgress: openingView.update,
      });
      page.dataset.model = 'ready';
      return model;
    } catch (error) {
      page.dataset.model = 'failed';
      await openProblem.askForRetry(error);
    } finally {
      openingView.finish();
    }
  }
}

async function readSample(): Promise<void> {
  await read(await drawSample(sample.value));
}

/** Shows a picture, and the lines that are read in it; a newer one ends this one. */
async function read(picture: Blob): Promise<void> {
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  const busy = part('reading', HTMLElement);
  forget();
  try {
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
  found = [];
}

/** What is no picture is left to the model, which says so. */
async function show(picture: Blob): Promise<void> {
  URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(picture);
  await photo.decode().catch(() => {});
  boxes.setAttribute('viewBox', `0 0 ${photo.naturalWidth} ${photo.naturalHeight}`);
}

function showLines(lines: readonly TextLine[], ms: number): void {
  found = lines;
  result.hidden = false;
  copy.hidden = lines.length === 0;
  const count = `${lines.length} line${lines.length === 1 ? '' : 's'}`;
  part('summary', HTMLElement).textContent = lines.length === 0 ? 'No text found' : count;
  part('speed', HTMLElement).textContent = `Found and read in ${(ms / 1000).toFixed(1)} s.`;
  for (const line of lines) {
    const shape = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
    shape.setAttribute('points', line.points.map((point) => point.join()).join(' '));
    boxes.append(shape);
    const item = document.createElement('li');
    item.append(lineButton(line));
    list.append(item);
    const choose = () => mark(shape, item);
    item.addEventListener('pointerenter', choose);
    item.addEventListener('focusin', choose);
    shape.addEventListener('click', () => {
      choose();
      item.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    });
  }
}

function lineButton({ text, score }: TextLine): HTMLElement {
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  const says = Object.assign(document.createElement('span'), { textContent: text });
  const sure = Object.assign(document.createElement('span'), {
    textContent: `${Math.round(score * 100)} %`,
    title: 'How sure the model is',
  });
  button.append(says, sure);
  return button;
}

function mark(...chosen: Element[]): void {
  for (const one of document.querySelectorAll('.is-chosen')) one.classList.remove('is-chosen');
  for (const one of chosen) one.classList.add('is-chosen');
}

function acceptDrops(target: HTMLElement): void {
  const isOver = (over: boolean) => target.classList.toggle('drop-target', over);
  target.addEventListener('dragover', (event) => {
    event.preventDefault();
    isOver(true);
  });
  target.addEventListener('dragleave', () => isOver(false));
  target.addEventListener('drop', (event) => {
    event.preventDefault();
    isOver(false);
    const [dropped] = event.dataTransfer?.files ?? [];
    if (dropped) void read(dropped);
  });
}
