import { byId, element } from './element.js';
import { formatSeconds } from './words/format.js';

/** @param last the content that is still on the page, and its time */
export function showProblem(
  message: string,
  { last, retry }: { last: { what: string; atMs: number } | undefined; retry: () => void },
): void {
  const since = last ? ` You see ${last.what} as of ${formatSeconds(last.atMs)}.` : '';
  const words = [element('strong', {}, message), `${since} This page keeps trying.`];
  const shown = byId('problem').querySelector('p');
  // the button keeps the focus
  if (shown) {
    shown.replaceChildren(...words);
    return;
  }
  const button = element('button', { type: 'button' }, 'Try now');
  button.addEventListener('click', retry);
  byId('problem').replaceChildren(
    element(
      'div',
      { class: 'problem', role: 'alert', 'data-testid': 'problem' },
      element('p', {}, ...words),
      button,
    ),
  );
}

export function hideProblem(): void {
  byId('problem').replaceChildren();
}
