import { DAY_MS, HOUR_MS } from '../src/counting/time.js';
import type { ModelSummary } from '../src/store/rollup-store.js';
import { byId, element } from './element.js';
import type { PageState } from './state/page-state.js';
import { formatMoment } from './words/format.js';

/** The model has reported, but not in this range. */
export function showQuietRange(
  { model, lastMs }: Pick<ModelSummary, 'model' | 'lastMs'>,
  { heading, choose }: { heading: string; choose: (change: Partial<PageState>) => void },
): void {
  const button = element('button', { type: 'button' }, 'Show the last day with reports');
  button.addEventListener('click', () => {
    const toMs = lastMs + HOUR_MS;
    choose({ range: { fromMs: toMs - DAY_MS, toMs } });
  });
  showEmptyState(
    `quiet ${model} ${heading} ${lastMs}`,
    element('h2', {}, heading),
    element('p', {}, `The last report of ${model} was about ${formatMoment(lastMs)}.`),
    element('div', { class: 'actions' }, button),
  );
}

export function hideEmptyState(): void {
  byId('empty').replaceChildren();
  byId('empty').dataset.state = '';
}

/** Rebuilds only when the state has changed, because a refresh must not take the focus away. */
export function showEmptyState(state: string, ...children: HTMLElement[]): void {
  const place = byId('empty');
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.replaceChildren(
    element('section', { class: 'empty', 'data-testid': 'empty-state' }, ...children),
  );
}
