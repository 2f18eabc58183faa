import type { LabelScore } from 'nearside';

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

/** Never a rounded 100 % for what is not certain. */
export function formatPercent(score: number): string {
  const percent = 100 * score;
  if (percent > 99.9 && percent < 100) return '> 99.9 %';
  if (percent < 0.1) return '< 0.1 %';
  return `${percent.toFixed(1)} %`;
}
