import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Option, variablesOf } from './option.js';
import { SERVE_OPTIONS } from './serve-options.js';
import { flagsOf } from './take-options.js';

const readme = new URL('../../README.md', import.meta.url);

/** `-u` writes the table into the README. */
test('the table of options in the README is made of the options', async () => {
  const page = readFileSync(readme, 'utf8').replace(/^\| option +\|.*(?:\n\|.*)*/m, () => table());
  expect(page).toContain(table());
  await expect(page).toMatchFileSnapshot(readme.pathname);
});

/** Aligned as the other tables of the page are. */
function table(): string {
  const entries: [string, Option<unknown>][] = Object.entries(SERVE_OPTIONS);
  const rows = [
    ['option', 'command', 'variable', 'default', ''],
    ...entries.map(([name, option]) => cellsOf(name, option)),
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0)));
  const lines = rows.map((cells) => cells.map((cell, i) => cell.padEnd(widths?.[i] ?? 0)));
  lines.splice(1, 0, widths?.map((width) => '-'.repeat(width)) ?? []);
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** `json` is the command's own. */
function cellsOf(name: string, option: Option<unknown>): string[] {
  const flags = flagsOf(option).map(code).join(', ');
  return [
    name === 'json' ? '' : code(name),
    option.isList ? `${flags}, repeated` : flags,
    variablesOf(option).map(code).join(', '),
    option.defaultText ?? '',
    option.text,
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}
