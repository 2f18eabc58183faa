import type { LabelScore, RunMeta } from 'nearside';
import heldOut from '../../../models/breast-cancer/held-out.json' with { type: 'json' };
import { showWhileAway } from './answer-bar.js';
import type { Answer } from './audit-log.js';
import { createAuditView } from './audit-view.js';
import { formatPercent } from './format-percent.js';
import { openTask } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';
import { type HeldOutRow, samplesOf } from './record-samples.js';
import { showScoreBars } from './score-bars.js';

/** Part of the fields that the button empties. */
const LEFT_OUT = 0.2;

const samples = samplesOf(heldOut);
const form = part('record', HTMLFormElement);
const sample = part('sample', HTMLSelectElement);
const inputProblem = createProblemPanel(part('input-problem', HTMLElement));
const fields = createFields();
const audit = createAuditView({ featureCount: fields.length });
let reading = new AbortController();
/** The row that is filled in, until a field of it is changed by hand. */
let filledIn: HeldOutRow | undefined;

sample.append(...samples.map(({ name }, i) => new Option(name, String(i))));
fill(0);
form.addEventListener('input', ({ target }) => {
  if (target === sample) fill(Number(sample.value));
  else filledIn = undefined;
  void read();
});
form.addEventListener('reset', () => {
  filledIn = undefined;
  setTimeout(read); // when the fields are empty
});
part('leave-out', HTMLButtonElement).addEventListener('click', () => {
  for (const field of fields) if (Math.random() < LEFT_OUT) field.value = '';
  void read();
});
const opened = openUntilReady((onProgress) =>
  openTask('breast-cancer', { task: 'tabular-classification', onProgress }),
);
void read();
showWhileAway(part('answer-bar', HTMLElement), { answer: part('answer', HTMLElement), form });

/** Runs the record that is filled in; a newer one ends the one before. */
async function read(): Promise<void> {
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  const filled = fields.filter(({ value }) => value !== '');
  const record = Object.fromEntries(filled.map(({ name, valueAsNumber }) => [name, valueAsNumber]));
  try {
    const model = await opened;
    signal.throwIfAborted();
    const { output, meta } = await model.run(record, { signal, priority: 'interactive' });
    if (signal.aborted) return;
    show(output, fields.length - filled.length);
    audit.append(answerOf(record, output, meta));
  } catch (error) {
    if (signal.aborted) return;
    part('result', HTMLElement).hidden = true;
    showInBar('No answer', '');
    inputProblem.show(error);
  }
}

function show(labels: readonly LabelScore[], missing: number): void {
  inputProblem.hide();
  const [decision] = labels;
  part('result', HTMLElement).hidden = false;
  part('result', HTMLElement).dataset.decision = decision?.label ?? '';
  part('decision', HTMLElement).textContent = decision?.label ?? '';
  showScoreBars(part('scores', HTMLElement), labels);
  part('missing', HTMLElement).textContent =
    missing === 0
      ? 'No measurement is missing.'
      : `${missing} of ${fields.length} are missing; usual values stand in for them.`;
  part('truth', HTMLElement).textContent = filledIn
    ? `Row ${filledIn.index} of the data set, which training never saw, is ${filledIn.label}.`
    : '';
  showInBar(decision?.label ?? '', formatPercent(decision?.score ?? 0));
}

function showInBar(decision: string, score: string): void {
  part('answer-bar', HTMLElement).dataset.decision = decision;
  part('bar-decision', HTMLElement).textContent = decision;
  part('bar-score', HTMLElement).textContent = score;
}

/** The audit log keeps this of every answer that was shown. */
function answerOf(input: Answer['input'], output: readonly LabelScore[], meta: RunMeta): Answer {
  const { model, version, variant, backend, id: runId } = meta;
  const tookMs = meta.queueMs + meta.preMs + meta.runMs + meta.postMs;
  const time = new Date().toISOString();
  return { time, model, version, variant, backend, runId, input, output, tookMs };
}

function createFields(): HTMLInputElement[] {
  return heldOut.names.map((name) => {
    const input = document.createElement('input');
    Object.assign(input, { type: 'number', step: 'any', min: '0', name, placeholder: 'left out' });
    const label = document.createElement('label');
    label.append(Object.assign(document.createElement('span'), { textContent: name }), input);
    part('fields', HTMLElement).append(label);
    return input;
  });
}

function fill(i: number): void {
  filledIn = samples[i]?.row;
  for (const [column, field] of fields.entries())
    field.value = String(filledIn?.values[column] ?? '');
}
