import { element } from '../element.js';
import { formatPoints, formatRate } from '../words/format.js';

/** Shares of a bin, 0 … 1: now, and before. */
export interface ShareRow {
  readonly label: string;
  readonly now: number;
  readonly before: number;
}

/** At most so many bins have a row. The others are one row together. */
const MOST_ROWS = 16;

/** Draws each bin as a row of two bars on a linear axis, with their shares and the change. It is a table to read. */
export function shareRows(name: string, rows: readonly ShareRow[]): HTMLElement {
  const shown = largestChanges(rows);
  const most = Math.max(...shown.flatMap(({ now, before }) => [now, before]));
  // the axis ends at a round share
  const step = most > 0.1 ? 0.2 : 0.02;
  const end = Math.ceil(most / step) * step;
  const axis = [0, end / 2, end].map((share) =>
    element('span', {}, `${+(share * 100).toFixed(1)}%`),
  );
  const bar = (side: number, share: number) => {
    const made = element('span', { class: `share side-${side}` }, formatRate(share));
    made.style.setProperty('--share', String(share / end));
    return made;
  };
  const body = shown.map(({ label, now, before }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row', dir: 'auto' }, label),
      element('td', {}, bar(0, now), bar(1, before)),
      element('td', {}, formatPoints(now - before).replace(' points', '')),
    ),
  );
  return element(
    'table',
    { class: 'share-rows' },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('th', { scope: 'col' }, name),
        element('th', { scope: 'col' }, element('div', { class: 'ends' }, ...axis)),
        element('th', { scope: 'col' }, 'Points'),
      ),
    ),
    element('tbody', {}, ...body),
  );
}

/** Keeps the bins with the largest changes, in their order. */
export function largestChanges(rows: readonly ShareRow[]): ShareRow[] {
  if (rows.length <= MOST_ROWS) return [...rows];
  const change = ({ now, before }: ShareRow) => Math.abs(now - before);
  const kept = new Set(rows.toSorted((a, b) => change(b) - change(a)).slice(0, MOST_ROWS - 1));
  const others = rows.filter((row) => !kept.has(row));
  const sum = (side: 'now' | 'before') => others.reduce((all, row) => all + row[side], 0);
  return [
    ...rows.filter((row) => kept.has(row)),
    { label: `${others.length} others`, now: sum('now'), before: sum('before') },
  ];
}
