import { BUCKET_MS, DAY_MS } from '../../src/counting/time.js';
import { compareVersions } from '../../src/fleet/compare-versions.js';
import type { ModelSummary } from '../../src/store/rollup-store.js';
import { copyOnClick } from '../copy-button.js';
import { byId, element } from '../element.js';
import { lastingState, type Moment, monthOf } from '../state/moment.js';
import {
  type PageState,
  pageStateSearch,
  RANGES,
  type Stretch,
  VIEWS,
} from '../state/page-state.js';
import { formatDay, formatMoment, formatMonth, formatStep } from '../words/format.js';
import { createTimes } from './times.js';

/** The time zone of all times on the page, but for UTC's days. */
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

type Choose = (change: Partial<PageState>) => void;
type Show = (state: PageState) => void;

export interface Bar {
  show(moment: Moment, models: readonly ModelSummary[]): void;
  /** Offers these device classes and backends. */
  showSegments(segments: readonly string[]): void;
}

/** Makes the bar of views, model, version, segment and time. `choose` is told of changes. */
export function createBar(choose: Choose): Bar {
  const showTabs = createTabs(choose);
  const model = byId<HTMLSelectElement>('model');
  const version = byId<HTMLSelectElement>('version');
  const segment = byId<HTMLSelectElement>('segment');
  model.addEventListener('change', () => choose({ model: model.value, version: '', segment: '' }));
  version.addEventListener('change', () => choose({ version: version.value }));
  segment.addEventListener('change', () => choose({ segment: segment.value }));
  const showRange = createRanges(choose);
  const times = createTimes(choose);
  const copy = byId('copy-link');
  let newest: Moment | undefined;
  const link = () => newest && new URL(pageStateSearch(lastingState(newest)), location.href).href;
  copyOnClick(copy, link, 'Not allowed here');
  const details = byId<HTMLInputElement>('details');
  details.addEventListener('change', () => {
    document.body.classList.toggle('with-details', details.checked);
  });
  const controls = byId('controls');
  controls.addEventListener('submit', (event) => event.preventDefault());
  const opener = byId('opener');
  // on a phone the browser opens and closes the rest of the bar: by tap, Escape, and a tap elsewhere
  controls.addEventListener('toggle', ({ newState }) => {
    opener.ariaExpanded = String(newState === 'open');
  });

  return {
    show(moment, models) {
      const { state } = moment;
      newest = moment;
      copy.replaceChildren('Copy link');
      controls.hidden = false;
      byId('time').hidden = state.view === 'executive';
      showTabs(state);
      chooseFrom(
        model,
        models.map((one) => [one.model, one.model] as const),
        moment.model,
      );
      const versions = models.find((one) => one.model === moment.model)?.versions ?? [];
      const named = versions.filter((one) => one !== '').toSorted((a, b) => compareVersions(b, a));
      chooseFrom(
        version,
        [
          ['', 'All versions'],
          ...withChosen(named, state.version).map((one) => [one, one] as const),
        ],
        state.version,
      );
      if (segment.options.length === 0 || state.segment !== segment.value) showSegments([]);
      version.parentElement?.toggleAttribute('hidden', state.view === 'executive');
      segment.parentElement?.toggleAttribute('hidden', state.view === 'executive');
      showRange(state);
      times.show(moment);
      const summary = models.find((one) => one.model === moment.model);
      const words = freshness(moment, summary?.lastMs ?? 0);
      byId('status').textContent = words;
      byId('other-time').textContent =
        'key' in state.range ? 'Other time' : stretchWords(state.range);
      byId('opener-model').textContent = moment.model;
      byId('opener-time').textContent = chosenWords(moment);
      byId('whole').replaceChildren(element('b', {}, moment.model), ` ${words}`);
    },
    showSegments,
  };

  function showSegments(segments: readonly string[]): void {
    const chosen = newest?.state.segment ?? '';
    const options = withChosen(segments, chosen).map(
      (one) => [one, one.split(':')[1] ?? one] as const,
    );
    chooseFrom(segment, [['', 'All devices'], ...options], chosen);
  }
}

/** Makes the links to the views. With a modifier key the browser opens them elsewhere. */
function createTabs(choose: Choose): Show {
  const tabs = VIEWS.map(({ key, label }) => {
    const tab = element('a', { href: '#', 'data-testid': `view-${key}` }, label);
    tab.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose({ view: key });
    });
    byId('views').append(tab);
    return { key, tab };
  });
  return (state) => {
    for (const { key, tab } of tabs) {
      tab.href = pageStateSearch({ ...state, view: key });
      if (key === state.view) tab.setAttribute('aria-current', 'page');
      else tab.removeAttribute('aria-current');
    }
  };
}

/** Makes the choice of ranges that end now. */
function createRanges(choose: Choose): Show {
  const radios = RANGES.map((range) => {
    const radio = element('input', { type: 'radio', name: 'range', value: range.key });
    radio.addEventListener('change', () => choose({ range }));
    byId('ranges').append(element('label', {}, radio, element('span', {}, range.label)));
    return radio;
  });
  return ({ range }) => {
    for (const radio of radios) radio.checked = 'key' in range && radio.value === range.key;
  };
}

/** "5 Mar, 06:00–12:00", "5 Mar – 7 Mar" */
function stretchWords({ fromMs, toMs }: Stretch): string {
  const lengthMs = toMs - fromMs;
  return lengthMs < DAY_MS
    ? formatStep(fromMs, lengthMs, Infinity)
    : `${formatDay(fromMs)} – ${formatDay(toMs)}`;
}

/** The time, version and devices that are chosen, short. */
function chosenWords(moment: Moment): string {
  const { view, range, version, segment } = moment.state;
  if (view === 'executive') return formatMonth(monthOf(moment).fromMs);
  const time = 'key' in range ? range.words.slice('the '.length) : stretchWords(range);
  return [time, version, segment.split(':')[1]].filter(Boolean).join(', ');
}

/** A link may name a version or segment that did not report. */
function withChosen(names: readonly string[], chosen: string): readonly string[] {
  return names.includes(chosen) || chosen === '' ? names : [...names, chosen];
}

/** Says how old the figures are, by the collector's clock. */
export function freshness({ nowMs, toMs }: Moment, lastMs: number): string {
  const minutes = Math.max(0, Math.round((nowMs - lastMs - BUCKET_MS) / 60_000));
  const newest =
    minutes < 10 ? 'reports are coming in' : `newest report of ${formatMoment(lastMs)}`;
  const until =
    nowMs - toMs > 60_000
      ? `Figures until ${formatMoment(toMs)}`
      : `Figures of ${formatMoment(nowMs)}`;
  return `${until}, ${newest}. Times are of ${ZONE}.`;
}

/** Fills a list. An open list stays when nothing has changed. */
export function chooseFrom(
  select: HTMLSelectElement,
  options: readonly (readonly [value: string, label: string])[],
  chosen: string,
): void {
  const unchanged =
    select.options.length === options.length &&
    options.every(([value], i) => select.options[i]?.value === value);
  if (!unchanged) {
    select.replaceChildren(...options.map(([value, label]) => element('option', { value }, label)));
  }
  select.value = chosen;
}
