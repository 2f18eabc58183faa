import { copyOnClick } from './copy-button.js';
import { byId, element } from './element.js';
import { showEmptyState } from './empty-state.js';

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
  showEmptyState(
    'start',
    element('h2', {}, 'No reports yet'),
    element(
      'p',
      {},
      'Name this collector where a page opens a model. A device reports a version for the first ' +
        'time after a minute, or as soon as the page is hidden or left or the model is closed.',
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

/** A link names a model that has never reported here. */
export function showUnknownModel(
  model: string,
  others: readonly { readonly model: string; readonly href: string }[],
): void {
  const items = others.map((one) => element('li', {}, element('a', { href: one.href }, one.model)));
  showEmptyState(
    `unknown ${model} ${others.map((one) => one.model).join(' ')}`,
    element('h2', {}, `No model '${model}' reports here`),
    element('p', {}, 'These do:'),
    element('ul', {}, ...items),
  );
}
