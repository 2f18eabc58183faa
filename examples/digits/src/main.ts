import type { ImageInput, LabelScore, RunResult } from 'nearside';
import { offerBackends } from './chosen-backend.js';
import { watchConnection } from './connection-badge.js';
import { createDrawBoard } from './draw-board.js';
import { drawnDigit } from './drawn-digit.js';
import { createFeedbackForm } from './feedback-form.js';
import { listenForFiles } from './file-sources.js';
import { drawWithKeyboard } from './keyboard-pen.js';
import { prepareOffline } from './offline-copy.js';
import { type OpenedModel, openModel } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { drawWithPointer } from './pointer-pen.js';
import { preparePicture } from './prepare-picture.js';
import { createProblemPanel } from './problem-panel.js';
import { createResultView } from './result-view.js';
import { hideRunFacts, showModelFacts, showRunFacts } from './run-facts.js';

const page = document.documentElement;
const canvas = part('board', HTMLCanvasElement);
const result = createResultView();
const inputProblem = createProblemPanel(part('input-problem', HTMLElement));
const feedback = createFeedbackForm((label) => void tellTruth(label));
const board = createDrawBoard(canvas, {
  onPause: (strokes) => void read(() => drawnDigit(strokes)),
});

/** The input that is being read; a newer one ends it. */
let reading = new AbortController();
let lastRunId: string | undefined;

drawWithPointer(canvas, board);
drawWithKeyboard(canvas, { board, onClear: wipe });
listenForFiles({
  chooser: part('chooser', HTMLInputElement),
  onFile: (file) => void read(() => show(file)),
});
part('choose', HTMLButtonElement).addEventListener('click', () => {
  part('chooser', HTMLInputElement).click();
});
part('clear', HTMLButtonElement).addEventListener('click', wipe);
offerBackends(part('backend', HTMLSelectElement));
watchConnection(part('offline-now', HTMLElement));

/** Resolves with the first attempt that succeeds, so a digit drawn early is read then. */
const opened = openUntilReady(openModel);
void opened.then(showOpened);
void prepareOffline(opened);

function showOpened({ model, config }: OpenedModel): void {
  showModelFacts(model.stats());
  part('privacy', HTMLElement).textContent = config.report
    ? 'What you draw stays on this device. Only counts and timings are reported.'
    : 'What you draw stays on this device. Nothing is reported.';
  const dashboard = part('dashboard', HTMLAnchorElement);
  if (config.dashboard) dashboard.href = config.dashboard;
  dashboard.hidden = !config.dashboard;
  if (lastRunId === undefined && inputIsEmpty()) result.clear({ invite: true });
}

function inputIsEmpty(): boolean {
  return canvas.dataset.empty !== 'false';
}

/** Reads one input; what a newer one overtakes is dropped. */
async function read(prepare: () => ImageInput | Promise<ImageInput>): Promise<void> {
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  try {
    const input = await prepare();
    const { model } = await opened;
    signal.throwIfAborted();
    const outcome = await model.run(input, { signal, priority: 'interactive' });
    if (!signal.aborted) showOutcome(outcome);
  } catch (error) {
    if (!signal.aborted) showUnreadable(error);
  }
}

async function show(file: Blob): Promise<ImageInput> {
  const { input, shown } = await preparePicture(file);
  if (shown) board.showPicture(shown);
  else board.clear();
  return input;
}

function showOutcome({ output, meta }: RunResult<readonly LabelScore[]>): void {
  inputProblem.hide();
  result.show(output);
  showRunFacts(meta);
  lastRunId = meta.id;
  feedback.ask(output[0]?.label ?? '');
}

function showUnreadable(error: unknown): void {
  result.clear({ invite: false });
  feedback.hide();
  hideRunFacts();
  inputProblem.show(error);
}

function wipe(): void {
  reading.abort();
  board.clear();
  inputProblem.hide();
  feedback.hide();
  hideRunFacts();
  result.clear({ invite: page.dataset.model === 'ready' });
}

async function tellTruth(label: string): Promise<void> {
  const { model } = await opened;
  if (lastRunId) model.feedback(lastRunId, { label });
}
