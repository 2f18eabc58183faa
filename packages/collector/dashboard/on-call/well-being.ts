import type { ModelSummary } from '../../src/counting/rollup-store.js';
import { HEALTH_QUESTIONS } from '../../src/findings/findings.js';
import { type Answers, createAsking } from '../asking/ask.js';
import { type Moment, momentOf } from '../bar/moment.js';
import { pageStateSearch } from '../bar/page-state.js';
import { element } from '../element.js';
import { type Health, healthOf } from '../words/findings.js';
import type { LookedAt } from '../words/looks.js';

/** Classes of a line about another model. */
const TONES: Partial<Record<Health['state'], string>> = {
  unwell: 'unwell',
  'not-known': 'unwell',
  doubtful: 'doubtful',
};

/** The other models are asked about so often, one after the other. */
const OTHERS_EVERY_MS = 300_000;

export interface WellBeing {
  readonly element: HTMLElement;
  /** Shows the health of the chosen model. */
  show(moment: Moment, answers: Answers): void;
  /** Shows the health of the other models, unless it did so a moment ago. */
  showOthers(models: readonly ModelSummary[], moment: Moment): void;
}

/** Makes the section that says of each model that it is healthy, or what is wrong. */
export function createWellBeing(): WellBeing {
  const own = element('div', { class: 'own', role: 'status' });
  const others = element('ul', { class: 'others', 'aria-label': 'Other models' });
  const section = element(
    'section',
    { class: 'health', 'aria-label': 'Health', 'data-testid': 'health' },
    own,
    others,
  );
  let round = { about: '', atMs: 0, ending: new AbortController() };
  let shown = '';

  return {
    element: section,
    show({ model, nowMs, toMs }, answers) {
      const health = healthOf(answers);
      const isPast = nowMs - toMs > 60_000;
      const next = JSON.stringify([model, health, isPast]);
      if (next === shown) return;
      shown = next;
      section.classList.toggle('unwell', health.state === 'unwell' || health.state === 'not-known');
      section.classList.toggle('doubtful', health.state === 'doubtful');
      section.classList.toggle('unknown', ['looking', 'too-early'].includes(health.state));
      own.replaceChildren(
        ...healthElements(model, health, { isPast }),
        ...(health.state === 'looking' ? [] : lookElements(health.lookedAt)),
      );
    },
    showOthers(models, moment) {
      const rest = models.filter(({ model }) => model !== moment.model);
      const about = rest.map(({ model }) => model).join(' ');
      const nowMs = performance.now();
      if (about === round.about && nowMs - round.atMs < OTHERS_EVERY_MS) return;
      round.ending.abort();
      round = { about, atMs: nowMs, ending: new AbortController() };
      others.replaceChildren();
      void askOthers(rest, moment, round.ending.signal).catch(() => {
        // asked again with the next refresh
        round.atMs = -Infinity;
      });
    },
  };

  async function askOthers(
    models: readonly ModelSummary[],
    moment: Moment,
    signal: AbortSignal,
  ): Promise<void> {
    for (const summary of models) {
      const state = { ...moment.state, model: summary.model, version: '', segment: '' };
      const about = momentOf(state, summary, moment.nowMs);
      let answers: Answers = {};
      await createAsking(HEALTH_QUESTIONS).refresh(about, signal, (known) => {
        answers = known;
      });
      if (signal.aborted) return;
      const link = element('a', { href: pageStateSearch(state) }, summary.model);
      const health = healthOf(answers);
      const words = ` ${otherWords(health)}`;
      const tone = TONES[health.state];
      others.append(element('li', tone ? { class: tone } : {}, link, words));
    }
  }
}

function healthElements(
  model: string,
  { state, findings, refused, lookedAt }: Health,
  { isPast }: { isPast: boolean },
): HTMLElement[] {
  if (findings.length > 0) {
    const items = findings.map(({ id, text }) => element('li', { 'data-finding': id }, text));
    const heading = isPast ? `${model} needed a look` : `${model} needs a look`;
    return [element('h2', {}, heading), element('ul', {}, ...items)];
  }
  switch (state) {
    case 'looking':
      return [element('p', {}, `Looking whether ${model} is healthy…`)];
    case 'not-known':
      return [element('p', {}, `Not known whether ${model} is healthy. ${refused.join(' ')}`)];
    case 'too-early':
      return [
        element('p', {}, `Too early to say whether ${model} is healthy: ${lookedAt.missing}.`),
      ];
    default: {
      const { names } = lookedAt;
      return [
        element(
          'p',
          {},
          isPast
            ? `${model} was healthy, as far as ${names} tell: nothing alarmed at the end of this time.`
            : `${model} is healthy, as far as ${names} tell: nothing alarms now.`,
        ),
      ];
    }
  }
}

/** Lists all that could have been found, and all that was not looked at. */
function lookElements({ seen, unseen }: LookedAt): HTMLElement[] {
  if (seen.length + unseen.length === 0) return [];
  const items = [...seen, ...unseen.map((one) => `not looked at: ${one}`)];
  return [
    element(
      'details',
      {},
      element('summary', {}, 'What would have been found'),
      element('ul', {}, ...items.map((one) => element('li', {}, one))),
    ),
  ];
}

function otherWords({ state, findings, refused, lookedAt }: Health): string {
  const [first] = findings;
  if (first) return first.text;
  if (state === 'too-early') return `is too new to say: ${lookedAt.missing}.`;
  return state === 'well'
    ? `is healthy, as far as ${lookedAt.names} tell.`
    : `is not known to be healthy. ${refused.join(' ')}`;
}
