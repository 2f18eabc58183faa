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

/** `json` is the command's own. */
function table(): string {
  const rows = Object.entries(SERVE_OPTIONS).map(([name, option]) =>
    row(name === 'json' ? '' : code(name), option),
  );
  return [
    '| option | command | variable | default | |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function row(name: string, option: Option<unknown>): string {
  const flags = flagsOf(option).map(code).join(', ');
  const repeated = option.isList ? `${flags}, repeated` : flags;
  const variables = variablesOf(option).map(code).join(', ');
  return `| ${name} | ${repeated} | ${variables} | ${option.defaultText ?? ''} | ${option.text} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
