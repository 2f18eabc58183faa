import type { Cell, Table } from './table.js';

/** Writes a table of GitHub's Markdown, or a sentence where it has no row. */
export function markdownOf({ columns, rows, none, note }: Table): string {
  if (rows.length === 0) return `${none}\n`;
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |\n`;
  const rule = line(columns.map((_, i) => (i === 0 ? '---' : '---:')));
  const body = rows.map((cells) => line(columns.map((_, i) => wordsOf(cells[i]))));
  return line(columns) + rule + body.join('') + (note ? `\n${note}\n` : '');
}

function wordsOf(cell: Cell | undefined): string {
  if (!cell) return '';
  return cell.aside ? `${cell.text} (${cell.aside})` : cell.text;
}

function escaped(text: string): string {
  return text.replace(/[\\|`*_<>[\]()!]/g, '\\$&').replaceAll('\n', ' ');
}
