import { element } from '../element.js';

/** How a measure stands to its margin. Each has a colour and a shape. */
export type Standing = 'worse' | 'within' | 'unsure' | 'alone';

interface MarginBar {
  readonly standing: Standing;
  /** A difference that is tolerated. */
  readonly margin: number;
  /** Null where nothing is compared. */
  readonly difference: {
    readonly value: number | null;
    readonly low: number | null;
    readonly high: number | null;
  };
}

/** Ends of the axis, in margins. The style draws its lines at 0 and 1. */
const LEAST = -2;
const MOST = 4;
/** Stands for a margin of 0, as it does where verdicts are made. */
const LEAST_MARGIN = 1e-4;

/**
 * Draws the interval of a difference and its point on an axis that all measures share: 0 is like the control, and 1 is
 * the margin. An arrow head is where the interval goes on.
 */
export function marginBar({ standing, margin, difference }: MarginBar, label: string): HTMLElement {
  const bar = element('div', {
    class: `margin-bar ${standing}`,
    role: 'img',
    'aria-label': label,
  });
  const { value, low, high } = difference;
  if (value === null || low === null || high === null) return bar;
  for (const [name, of] of Object.entries({ value, low, high })) {
    const margins = of / Math.max(margin, LEAST_MARGIN);
    const place = (margins - LEAST) / (MOST - LEAST);
    if (place < 0) bar.classList.add(`${name}-before`);
    if (place > 1) bar.classList.add(`${name}-beyond`);
    bar.style.setProperty(`--${name}`, `${100 * Math.min(Math.max(place, 0), 1)}%`);
  }
  bar.append(element('i', { class: 'interval' }), element('i', { class: 'point' }));
  return bar;
}

/** Names the two lines of the axis, and its direction. */
export function marginAxis(): HTMLElement {
  const labels = ['like the control', 'tolerated', 'worse →'];
  const words = labels.map((label) => element('span', {}, label));
  return element('div', { class: 'margin-axis' }, ...words);
}
