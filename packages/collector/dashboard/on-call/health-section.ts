import type { ModelSummary } from '../../src/store/rollup-store.js';
import { type Answers, answered, createAsking } from '../asking/ask.js';
import { element } from '../element.js';
import { type Moment, momentOf } from '../state/moment.js';
import { DAY, pageStateSearch } from '../state/page-state.js';
import { HEALTH_QUESTIONS, type Health, healthOf } from '../words/findings.js';
import { formatList, formatMoment, isolated } from '../words/format.js';
import type { LookedAt } from '../words/looks.js';
import { slowerWords } from '../words/speed.js';

/** Several other models in such a state are one line, which opens. */
const ALIKE: Partial<Record<Health['state'], string>> = {
  'not-yet': 'not looked at yet',
  'too-early': 'too early to say',
  'too-little': 'too little to say',
  well: 'healthy',
};

const RED: readonly Health['state'][] = ['unwell', 'unwatched', 'not-known'];
const GREY: readonly Health['state'][] = ['looking', 'not-yet', 'too-early', 'too-little'];

/** Another model. */
interface Other {
  readonly model: string;
  readonly href: string;
  readonly health: Health;
}

/** The other models are asked about so often, one after the other. */
const OTHERS_EVERY_MS = 300_000;

export interface HealthSection {
  readonly element: HTMLElement;
  /** Shows the health of the chosen model. */
  show(moment: Moment, answers: Answers): void;
  /** Shows the health of the other models, unless it did so a moment ago. */
  showOthers(models: readonly ModelSummary[], moment: Moment): void;
}

/** Makes the section that says of each model that it is healthy, or what is wrong. */
export function createHealthSection(): HealthSection {
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
  let othersShown = '';

  return {
    element: section,
    show(moment, answers) {
      const { model, nowMs, toMs } = moment;
      const health = healthOf(answers, moment);
      const past = nowMs - toMs > 60_000 ? ` on ${formatMoment(toMs)}` : '';
      const now = past && pageStateSearch({ ...moment.state, range: DAY });
      const slower = slowerWords(answered(answers, 'speed'));
      const next = JSON.stringify([model, health, past, now, slower]);
      if (next === shown) return;
      shown = next;
      section.classList.toggle('unwell', RED.includes(health.state));
      section.classList.toggle('unknown', GREY.includes(health.state));
      own.replaceChildren(
        ...healthElements(model, health, past),
        ...(now
          ? [element('p', { class: 'more' }, element('a', { href: now }, 'How it is now'))]
          : []),
        ...besideElements(health),
        ...smallOf(slower),
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
    const found: Other[] = [];
    for (const summary of models) {
      const state = { ...moment.state, model: summary.model, version: '', segment: '' };
      const about = momentOf(state, summary, moment);
      let answers: Answers = {};
      await createAsking(HEALTH_QUESTIONS).refresh(about, signal, (known) => {
        answers = known;
      });
      if (signal.aborted) return;
      found.push({
        model: summary.model,
        href: pageStateSearch(state),
        health: healthOf(answers, about),
      });
    }
    // a line that is open, or has the focus, stays while nothing has changed
    const next = JSON.stringify(found);
    if (next !== othersShown) others.replaceChildren(...otherLines(found));
    othersShown = next;
  }
}

/** @param past " on 9 Mar, 12:05", where the time that is shown has ended */
function healthElements(
  name: string,
  { state, findings, looked, refused, lookedAt }: Health,
  past: string,
): HTMLElement[] {
  const model = isolated(name);
  if (findings.length > 0 || (state === 'unwatched' && !past)) {
    const items = findings.map(({ id, text, more }) => findingElement(id, text, more));
    const unwatched = looked ? [findingElement('collector-no-look', looked)] : [];
    const heading = past ? `${model} needed a look${past}` : `${model} needs a look`;
    return [element('h2', {}, heading), element('ul', {}, ...unwatched, ...items)];
  }
  switch (state) {
    case 'not-yet':
      return [element('p', {}, `Not known yet whether ${model} is healthy.`), ...smallOf(looked)];
    case 'unwatched':
      return [
        element('p', {}, `Not known whether ${model} was healthy${past}.`),
        ...smallOf(looked),
      ];
    case 'looking':
      return [element('p', {}, `Looking whether ${model} is healthy…`)];
    case 'not-known':
      return [
        element('p', {}, `Not known whether ${model} is healthy.`),
        ...smallOf(refused.join(' ')),
      ];
    case 'too-early':
    case 'too-little':
      return [
        element('p', {}, `Too ${state.slice(4)} to say: ${model} has ${formatList(lookedAt.has)}.`),
        listOf(lookedAt.missing, 'more'),
      ];
    default: {
      const { names } = lookedAt;
      return [
        element('p', {}, past ? `${model} was healthy${past}.` : `${model} is healthy.`),
        ...smallOf(`The last look${past && ' before that'} found nothing in ${names}.`),
      ];
    }
  }
}

/** Each kind of finding has a runbook. */
function findingElement(id: string, words: string, more = ''): HTMLElement {
  const runbook = element('a', { href: `./runbooks/nearside-${id}` }, 'Runbook');
  return element(
    'li',
    { 'data-finding': id },
    element('p', {}, words),
    element('p', { class: 'more' }, more, more && ' ', runbook),
  );
}

function besideElements({ beside }: Health): HTMLElement[] {
  const items = beside.map(({ id, text, more }) => findingElement(id, text, more));
  return items.length > 0 ? [element('ul', { class: 'more' }, ...items)] : [];
}

function smallOf(words: string): HTMLElement[] {
  return words ? [element('p', { class: 'more' }, words)] : [];
}

/** Says whether there is enough to know. It opens to all that could have been found, and all that was not looked at. */
function lookElements({ isTooEarly, names, seen, unseen }: LookedAt): HTMLElement[] {
  if (seen.length === 0 || isTooEarly) return [];
  const items = [...seen, ...unseen.map((one) => `not looked at: ${one}`)];
  const but = unseen.length > 0 ? ', and not for all' : '';
  return [foldOf(`Enough data to judge ${names}${but}: what would have been found`, listOf(items))];
}

function foldOf(summary: string, list: HTMLElement): HTMLElement {
  return element('details', {}, element('summary', {}, summary), list);
}

function listOf(items: readonly (string | Node)[], tone = ''): HTMLElement {
  return element('ul', { class: tone }, ...items.map((one) => element('li', {}, one)));
}

/** So many models that are not well have a line each. */
const MOST_ALONE = 5;

/** Models with something wrong come first, each in a line. Further ones share a line, and so do those in another state. */
function otherLines(others: readonly Other[]): HTMLElement[] {
  const alone = others.filter(({ health }) => !ALIKE[health.state]).map(otherLine);
  const further = alone.splice(MOST_ALONE);
  const alike = Object.entries(ALIKE).flatMap(([state, words]) =>
    foldedLines(words, others.filter(({ health }) => health.state === state).map(otherLine)),
  );
  return [...alone, ...foldedLines('not well either', further), ...alike];
}

function foldedLines(words: string, lines: readonly HTMLElement[]): readonly HTMLElement[] {
  if (lines.length < 2) return lines;
  const list = element('ul', {}, ...lines);
  return [element('li', {}, foldOf(`${lines.length} others: ${words}`, list))];
}

function otherLine({ model, href, health }: Other): HTMLElement {
  const { state, findings, looked, lookedAt } = health;
  const words = ALIKE[state] ?? findings[0]?.text ?? (looked || 'not known whether it is healthy');
  const has = state.startsWith('too-') ? `, ${lookedAt.has[0]}` : '';
  const further = findings.length > 1 ? ` And ${findings.length - 1} more.` : '';
  return element(
    'li',
    { class: RED.includes(state) ? 'unwell' : '' },
    element('a', { href }, isolated(model)),
    `: ${words}${has}${further}`,
  );
}
