import { byId, element } from './element.js';
import { formatSeconds } from './format.js';

/** @param lastMs when figures were last received, if ever */
export function showProblem(
  message: string,
  { lastMs, retry }: { lastMs: number | undefined; retry: () => void },
): void {
  const button = element('button', { type: 'button' }, 'Try now');
  button.addEventListener('click', retry);
  const since =
    lastMs === undefined ? 'Is it running? ' : `What you see is from ${formatSeconds(lastMs)}. `;
  byId('problem').replaceChildren(
    element(
      'div',
      { class: 'problem', role: 'alert', 'data-testid': 'problem' },
      element('p', {}, element('strong', {}, message), ` ${since}This page keeps trying.`),
      button,
    ),
  );
}

export function hideProblem(): void {
  byId('problem').replaceChildren();
}
