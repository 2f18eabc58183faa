import type { LabelScore, RunResult } from 'nearside';
import { watchConnection } from './connection-badge.js';
import { formatPercent } from './format-percent.js';
import { prepareOffline } from './offline-copy.js';
import { openTask } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';
import { showScoreBars } from './score-bars.js';
import { type Answer, createSentView } from './sent-view.js';

const SAMPLES = [
  {
    title: 'A question',
    name: 'Maya Lindqvist',
    message:
      'Hello, I bought the blue reading lamp from you last week. Its switch no longer works. Can I send it back, or is there a spare part?\n\nThank you, Maya',
  },
  {
    title: 'A prize',
    name: '',
    message:
      'CONGRATULATIONS!!! You have been selected to receive a FREE vacation and $1,000,000 in cash! No credit check, no obligation, 100% risk free. Click here to claim your money now. Act today, this offer is limited!!!',
  },
  {
    title: 'An offer',
    name: 'Frank Osei',
    message:
      'I can offer you a loan for your business at a low interest rate. Shall we talk on Monday?',
  },
];

/** Characters that the form takes; the model reads some 1,800 of them. */
const MOST = 2000;
/** The length is shown from this share of it. */
const NEARLY = 0.8;
/** A pause of this length in typing, and what is written is checked. */
const PAUSE_MS = 250;
/** From this score on a text reads like spam; a lower one that is still spam's may. */
const SURE = 0.8;
const NAMES: Readonly<Record<string, string>> = { ham: 'fine', spam: 'spam' };

/** It stands below the message. */
interface Told {
  readonly kind: 'fault' | 'fine' | 'doubt' | 'spam';
  readonly title: string;
  readonly score?: number;
  readonly advice?: string;
}

const page = document.documentElement;
const form = part('contact', HTMLFormElement);
const name = part('name', HTMLInputElement);
const message = part('message', HTMLTextAreaElement);
const send = part('send', HTMLButtonElement);
const change = part('change', HTMLButtonElement);
const anyway = part('anyway', HTMLButtonElement);
const problem = createProblemPanel(part('check-problem', HTMLElement));
/** It aborts the check of the text before. */
let checking = new AbortController();
let answer: Answer | undefined;

const opened = openUntilReady((onProgress) =>
  openTask('spam', { task: 'text-classification', onProgress }),
);

part('samples', HTMLElement).append(...SAMPLES.map(sampleButton));
message.addEventListener('input', () => void check());
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit({ isMeant: event.submitter === anyway });
});
change.addEventListener('click', () => message.focus());
const sent = createSentView({
  form,
  onAnother() {
    void check();
    message.focus();
  },
});
watchConnection(part('offline-now', HTMLElement));
void prepareOffline(opened);
void check(); // a browser may have kept what was written before

/**
 * Says what the model makes of the message. A newer check ends this one, so that no answer to an older text is shown.
 *
 * @returns false where a newer one has taken its place
 */
async function check({ pauseMs = PAUSE_MS } = {}): Promise<boolean> {
  checking.abort();
  checking = new AbortController();
  const { signal } = checking;
  const text = message.value;
  showLength(text);
  const fault = faultOf(text);
  if (fault || isEmpty(text) || message.ariaInvalid === 'true') forget(fault);
  if (fault || isEmpty(text)) return true;
  page.dataset.checking = '';
  try {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const model = await opened;
    signal.throwIfAborted();
    const result = await model.run(text, { signal, priority: 'interactive' });
    signal.throwIfAborted();
    show(text, result);
  } catch (error) {
    if (signal.aborted) return false;
    forget();
    problem.show(error);
  }
  return true;
}

/** Sends what is fine, what is meant, and what cannot be checked; of anything else it warns. */
async function submit({ isMeant }: { readonly isMeant: boolean }): Promise<void> {
  const text = message.value;
  const fault = isEmpty(text) ? EMPTY : faultOf(text);
  if (fault) {
    forget(fault);
    message.focus();
    return;
  }
  const isReady = page.dataset.model === 'ready';
  if (isReady && answer?.text !== text && !(await check({ pauseMs: 0 }))) return;
  const checked = answer?.text === text ? answer : undefined;
  if (checked?.isSpam && !isMeant) change.focus();
  else sent.show({ name: name.value, message: text, checked });
}

const EMPTY: Told = { kind: 'fault', title: 'Write a message first.' };

function isEmpty(text: string): boolean {
  return text.trim() === '';
}

function faultOf(text: string): Told | undefined {
  if (text.length <= MOST) return undefined;
  return {
    kind: 'fault',
    title: 'The message is too long.',
    advice: `The form takes ${inWords(MOST)} characters, and this has ${inWords(text.length)}. Leave something out.`,
  };
}

function showLength(text: string): void {
  const isNear = text.length >= NEARLY * MOST && text.length <= MOST;
  part('length', HTMLElement).textContent = isNear
    ? `${inWords(text.length)} of ${inWords(MOST)} characters`
    : '';
}

function inWords(count: number): string {
  return count.toLocaleString('en');
}

function show(text: string, { output, meta }: RunResult<readonly LabelScore[]>): void {
  const spam = output.find(({ label }) => label === 'spam')?.score ?? 0;
  const isSpam = output[0]?.label === 'spam';
  answer = { text, isSpam, spam, model: `${meta.model} ${meta.version}` };
  problem.hide();
  tell(toldOf(answer));
  offer({ warned: isSpam });
  showScoreBars(
    part('scores', HTMLElement),
    output.map(({ label, score }) => ({ label: NAMES[label] ?? label, score })),
  );
  const took = meta.preMs + meta.runMs + meta.postMs;
  part('took', HTMLElement).textContent =
    `Read in ${took < 1 ? 'less than 1' : Math.round(took)} ms, on this device.`;
}

function toldOf({ isSpam, spam }: Answer): Told {
  if (!isSpam) return { kind: 'fine', title: 'It does not read like spam.' };
  const advice = 'It may be filtered out before anybody reads it. Change it, or send it as it is.';
  return spam >= SURE
    ? { kind: 'spam', title: 'This reads like spam', score: spam, advice }
    : { kind: 'doubt', title: 'This may read like spam', score: spam, advice };
}

/** Without an answer to what is written now. */
function forget(told?: Told): void {
  answer = undefined;
  problem.hide();
  tell(told);
  offer({ warned: false });
  part('scores', HTMLElement).replaceChildren();
  part('took', HTMLElement).textContent = 'Write something, or take an example.';
}

/** Screen readers announce what changes of it, but not each percent. */
function tell(told?: Told): void {
  delete page.dataset.checking;
  const place = part('told', HTMLElement);
  place.hidden = !told;
  place.dataset.kind = told?.kind ?? 'none';
  message.setAttribute('aria-invalid', String(told?.kind === 'fault'));
  setText('told-title', told?.title ?? '');
  setText('told-score', told?.score === undefined ? '' : `(${formatPercent(told.score)})`);
  setText('told-advice', told?.advice ?? '');
}

function setText(id: string, text: string): void {
  const element = part(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

/** After a warning the first button leads back to the message: who was about to press Send sends nothing by mistake. */
function offer({ warned }: { readonly warned: boolean }): void {
  const focused = document.activeElement;
  for (const button of [change, anyway]) button.hidden = !warned;
  send.hidden = warned;
  if (focused === send && warned) change.focus();
  if ((focused === change || focused === anyway) && !warned) send.focus();
}

function sampleButton(sample: (typeof SAMPLES)[number]): HTMLElement {
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  button.textContent = sample.title;
  button.addEventListener('click', () => {
    name.value = sample.name;
    message.value = sample.message;
    void check({ pauseMs: 0 });
  });
  return button;
}
