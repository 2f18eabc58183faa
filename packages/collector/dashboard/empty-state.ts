import { DAY_MS, HOUR_MS } from '../src/counting/time.js';
import type { ModelSummary } from '../src/store/rollup-store.js';
import { copyOnClick } from './copy-button.js';
import { byId, element } from './element.js';
import type { PageState } from './state/page-state.js';
import { formatMoment } from './words/format.js';

/** Nothing has ever been reported. It says how to get the first report. */
export function showHowToStart(refreshSeconds: number): void {
  if (byId('empty').dataset.state === 'start') return;
  const reports = new URL('v1/reports', location.href).href;
  const code = `const model = await open('https://cdn.example/models/digits', {
  trust: 'sha256-…',
  report: '${reports}',
});
await model.run(image);`;
  const copy = element('button', { type: 'button' }, 'Copy');
  copyOnClick(copy, () => code, 'Select the text to copy it');
  show(
    'start',
    element('h2', {}, 'No reports yet'),
    element(
      'p',
      {},
      'Name this collector where a page opens a model. The first report arrives after five ' +
        'minutes, or as soon as the page is hidden or the model closed.',
    ),
    element('pre', { tabindex: '0' }, element('code', {}, code)),
    element('div', { class: 'actions' }, copy),
    element(
      'p',
      {},
      `This page looks again every ${refreshSeconds} seconds. Reports that were refused are counted under `,
      element('a', { href: './metrics' }, 'metrics'),
      ' as ',
      element('code', {}, 'nearside_collector_reports_total'),
      '.',
    ),
  );
}

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
  show(
    `quiet ${model} ${heading} ${lastMs}`,
    element('h2', {}, heading),
    element('p', {}, `The last report of ${model} was about ${formatMoment(lastMs)}.`),
    element('div', { class: 'actions' }, button),
  );
}

/** A link names a model that has never reported here. */
export function showUnknownModel(
  model: string,
  others: readonly { readonly model: string; readonly href: string }[],
): void {
  const items = others.map((one) => element('li', {}, element('a', { href: one.href }, one.model)));
  show(
    `unknown ${model} ${others.map((one) => one.model).join(' ')}`,
    element('h2', {}, `No model '${model}' reports here`),
    element('p', {}, 'These do:'),
    element('ul', {}, ...items),
  );
}

export function hideEmptyState(): void {
  byId('empty').replaceChildren();
  byId('empty').dataset.state = '';
}

/** Rebuilds only when the state has changed, because a refresh must not take the focus away. */
function show(state: string, ...children: HTMLElement[]): void {
  const place = byId('empty');
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.replaceChildren(
    element('section', { class: 'empty', 'data-testid': 'empty-state' }, ...children),
  );
}
