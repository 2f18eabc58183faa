import type { LabelScore } from 'nearside';
import { formatPercent } from './format-percent.js';

/** The best labels with a bar each, as long as its score. */
export function showScoreBars(list: HTMLElement, scores: readonly LabelScore[]): void {
  list.replaceChildren(...scores.map(bar));
}

function bar({ label, score }: LabelScore): HTMLElement {
  const row = document.createElement('li');
  row.dataset.label = label;
  row.dataset.score = String(score);
  row.style.setProperty('--score', String(score));
  row.append(
    span('bar-label', label),
    span('bar-track', ''),
    span('bar-score', formatPercent(score)),
  );
  return row;
}

function span(className: string, text: string): HTMLElement {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}
