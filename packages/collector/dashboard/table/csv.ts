import type { Cell, Table } from './table.js';

/** RFC 4180. Numbers are whole; a column with intervals is followed by their ends and the sample. */
export function csvOf({ columns, rows }: Table): string {
  const isWide = columns.map((_, i) => rows.some((cells) => cells[i]?.interval));
  const head = columns.flatMap((name, i) =>
    isWide[i] ? [name, `${name} low`, `${name} high`, `${name} n`] : [name],
  );
  const body = rows.map((cells) =>
    columns.flatMap((_, i) => {
      const cell = cells[i];
      const { low = null, high = null, n = null } = cell?.interval ?? {};
      return isWide[i] ? [contentOf(cell), low, high, n] : [contentOf(cell)];
    }),
  );
  return [head, ...body].map((line) => `${line.map(field).join(',')}\r\n`).join('');
}

function contentOf(cell: Cell | undefined): number | string | null {
  if (!cell) return null;
  return cell.value === undefined ? cell.text : cell.value;
}

/** A name that a device sent must not become a formula in somebody's spreadsheet. */
function field(value: number | string | null): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value ?? '') ? `'${value}` : (value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands a text to the user as a file. */
export function download(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
