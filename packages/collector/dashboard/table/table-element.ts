import { element } from '../element.js';
import { NOTHING } from '../words/format.js';
import type { Cell, Table } from './table.js';

/** Makes a table that scrolls by itself where it is too wide, or a sentence where it has no row. */
export function tableElement(
  label: string,
  { columns, rows, none, note, shownRows = rows.length }: Table,
  { isWhole = false } = {},
): HTMLElement[] {
  if (rows.length === 0) return [element('p', { class: 'quiet' }, none)];
  const inWords = columns.map((_, i) => rows.every((cells) => isInWords(cells[i])));
  const head = columns.map((heading, i) =>
    element('th', { scope: 'col', ...(inWords[i] && { class: 'words' }) }, heading),
  );
  const body = rows.map((cells) => rowElement(cells, { columns, inWords }));
  for (const row of body.slice(shownRows)) row.className = 'further';
  const more = element(
    'details',
    { class: 'more', ...(isWhole && { open: '' }) },
    element('summary', {}, `and ${rows.length - shownRows} more`),
  );
  return [
    element(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': `${label} as a table`, tabindex: '0' },
      element(
        'table',
        {},
        element('thead', {}, element('tr', {}, ...head)),
        element('tbody', {}, ...body),
      ),
    ),
    ...(rows.length > shownRows ? [more] : []),
    ...(note ? note.split('\n\n').map((one) => element('p', { class: 'quiet' }, one)) : []),
  ];
}

/** A row of one cell is a heading within the table. */
function rowElement(
  cells: readonly Cell[],
  { columns, inWords }: { columns: readonly string[]; inWords: readonly boolean[] },
): HTMLElement {
  const made = cells.map(cellElement);
  for (const [i, cell] of made.entries()) {
    cell.classList.toggle('words', inWords[i]);
    cell.classList.toggle('without', ['', NOTHING].includes(cells[i]?.text ?? ''));
    cell.dataset.column = columns[i] ?? '';
  }
  if (cells.length === 1) made[0]?.setAttribute('colspan', String(inWords.length));
  return element('tr', {}, ...made);
}

/** Numbers are at the right, words at the left. */
function isInWords(cell: Cell | undefined): boolean {
  return typeof cell?.value !== 'number' && cell?.text !== NOTHING;
}

function cellElement(cell: Cell, position: number): HTMLElement {
  const made = position === 0 ? element('th', { scope: 'row' }) : element('td');
  if (cell.shade !== undefined) {
    made.classList.add('shaded');
    made.style.setProperty('--shade', cell.shade.toFixed(3));
  }
  made.append(...cellContent(cell));
  return made;
}

export function cellContent({ text, aside, detail, isThin, tone, color }: Cell): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (color !== undefined) {
    const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = `var(${color})`;
    parts.push(swatch);
  }
  const shown = element(tone === 'code' ? 'code' : 'span', tone ? { class: tone } : {}, text);
  if (isThin) shown.classList.add('thin');
  if (detail) shown.title = isThin ? `Made of little: ${detail}` : detail;
  parts.push(shown);
  if (aside) parts.push(element('span', { class: 'aside' }, aside));
  if (detail) parts.push(element('span', { class: 'detail' }, detail));
  return parts;
}
