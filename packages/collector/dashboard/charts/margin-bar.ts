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
  for (const end of ['value', 'low', 'high'] as const) {
    const points = difference[end];
    if (points === null) return bar;
    const place = (points / Math.max(margin, LEAST_MARGIN) - LEAST) / (MOST - LEAST);
    const shown = Math.min(Math.max(place, 0), 1);
    bar.style.setProperty(`--${end}`, `${shown * 100}%`);
    if (place !== shown) bar.classList.add(`${end}-${place < 0 ? 'before' : 'beyond'}`);
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
