import type { Cell, Table } from './table.js';

/** Writes CSV (RFC 4180). Numbers are not rounded. The ends of intervals and the sample follow their column. */
export function csvOf({ columns, rows, asideName }: Table): string {
  const lines = [headings(columns, rows), ...rows.map((cells) => fields(cells, columns, rows))];
  const asides = asideName ? [asideName, ...rows.map(([first]) => first?.aside ?? '')] : undefined;
  return lines
    .map((line, i) => (asides ? [line[0] ?? '', asides[i] ?? '', ...line.slice(1)] : line))
    .map((line) => `${line.map(field).join(',')}\r\n`)
    .join('');
}

function headings(columns: readonly string[], rows: Table['rows']): Field[] {
  return columns.flatMap((column, i) => {
    const unit = rows.map((cells) => cells[i]?.unit).find((one) => one);
    const name = unit ? `${column} (${unit})` : column;
    return isWide(rows, i) ? [name, `${name} low`, `${name} high`, `${column} n`] : [name];
  });
}

function fields(cells: readonly Cell[], columns: readonly string[], rows: Table['rows']): Field[] {
  return columns.flatMap((_, i) => {
    const cell = cells[i];
    const { low = null, high = null, n = null } = cell?.interval ?? {};
    return isWide(rows, i) ? [contentOf(cell), low, high, n] : [contentOf(cell)];
  });
}

function isWide(rows: Table['rows'], column: number): boolean {
  return rows.some((cells) => cells[column]?.interval);
}

type Field = number | string | null;

function contentOf(cell: Cell | undefined): Field {
  if (!cell) return null;
  return cell.value === undefined ? cell.text : cell.value;
}

/** Signs with which a formula begins, full-width ones too, behind blanks and quotes. */
const SIGN = '[\\s"]*[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]';
const AT_THE_START = new RegExp(`^(?=[\\t\\r]|${SIGN})`);
/** Some spreadsheets begin a cell at each of these, in quotes or not. */
const AT_A_SEPARATOR = new RegExp(`([;\\t\\r\\n])(?=${SIGN})`, 'g');

/** Keeps a name that a device sent from becoming a formula in a spreadsheet. */
function field(value: Field): string {
  if (typeof value === 'number') return String(value);
  const text = (value ?? '').replace(AT_A_SEPARATOR, "$1'").replace(AT_THE_START, "'");
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands a text to the user as a file. */
export function download(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
