import type { ModelSummary } from '../../src/rollup-store.js';
import { type Answers, createAsking, Unanswered } from '../asking/ask.js';
import type { Moment } from '../bar/moment.js';
import { momentOf } from '../bar/moment.js';
import { pageStateSearch } from '../bar/page-state.js';
import { element } from '../element.js';
import { type Finding, HEALTH_QUESTIONS, healthFindings } from '../words/findings.js';

/** Other models are asked about so often, one after the other. */
const OTHERS_EVERY_MS = 300_000;

export interface WellBeing {
  readonly element: HTMLElement;
  /** Of the model that is looked at. */
  show(moment: Moment, answers: Answers): void;
  /** Looks after the others too. */
  showOthers(models: readonly ModelSummary[], moment: Moment, signal: AbortSignal): Promise<void>;
}

/** One sentence a model: healthy, or what is wrong. */
export function createWellBeing(): WellBeing {
  const own = element('div', { class: 'own', role: 'status' });
  const others = element('ul', { class: 'others', 'aria-label': 'Other models' });
  const section = element(
    'section',
    { class: 'health', 'aria-label': 'Health', 'data-testid': 'health' },
    own,
    others,
  );
  let othersAskedMs = -OTHERS_EVERY_MS;
  let shown = '';

  return {
    element: section,
    show({ model, nowMs, toMs }, answers) {
      const missing = HEALTH_QUESTIONS.filter((name) => answers[name] === undefined);
      const refused = HEALTH_QUESTIONS.filter((name) => answers[name] instanceof Unanswered);
      const findings = healthFindings(answers);
      const isPast = nowMs - toMs > 60_000;
      const next = JSON.stringify([model, missing.length > 0, refused, findings, isPast]);
      if (next === shown) return;
      shown = next;
      const isKnown = missing.length === 0 && refused.length === 0;
      section.classList.toggle('unwell', findings.length > 0 || refused.length > 0);
      section.classList.toggle('unknown', findings.length === 0 && missing.length > 0);
      own.replaceChildren(
        ...(findings.length > 0
          ? [findingList(model, findings)]
          : [element('p', {}, isKnown ? quietWords(model, isPast) : unknownWords(model, refused))]),
      );
    },
    async showOthers(models, moment, signal) {
      if (performance.now() - othersAskedMs < OTHERS_EVERY_MS) return;
      othersAskedMs = performance.now();
      const rest = models.filter(({ model }) => model !== moment.model);
      const items: HTMLElement[] = [];
      for (const summary of rest) {
        const state = { ...moment.state, model: summary.model, version: '', segment: '' };
        let answers: Answers = {};
        await createAsking(HEALTH_QUESTIONS).refresh(
          momentOf(state, summary, moment.nowMs),
          signal,
          (known) => {
            answers = known;
          },
        );
        const [first] = healthFindings(answers);
        const link = element('a', { href: pageStateSearch(state) }, summary.model);
        const words = first ? ` ${first.text}` : ' is healthy.';
        items.push(element('li', first ? { class: 'unwell' } : {}, link, words));
        others.replaceChildren(...items);
      }
    },
  };
}

function findingList(model: string, findings: readonly Finding[]): HTMLElement {
  const items = findings.map(({ id, text }) => element('li', { 'data-finding': id }, text));
  return element(
    'div',
    {},
    element('h2', {}, `${model} needs a look`),
    element('ul', {}, ...items),
  );
}

function quietWords(model: string, isPast: boolean): string {
  return isPast
    ? `${model} was healthy: nothing alarmed at the end of this time.`
    : `${model} is healthy: nothing alarms now.`;
}

function unknownWords(model: string, refused: readonly string[]): string {
  if (refused.length === 0) return `Looking whether ${model} is healthy…`;
  return `Not known whether ${model} is healthy: the collector had no answer on ${refused.join(', ')}.`;
}
