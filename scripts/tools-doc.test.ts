import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { lanes } from '../consumers/lanes.mjs';
import { root } from './root.mjs';

test.each(lanes)(
  'docs/guide/tools.md has $name, and the setting it is tested with',
  async (lane) => {
    const page = (await readFile(`${root}docs/guide/tools.md`, 'utf8')).replaceAll('`', '');
    const names = [lane.name, lane.name.replaceAll('-', ' ')];
    expect(names.some((name) => page.toLowerCase().includes(name))).toBe(true);
    expect(page).toContain((lane.line ?? '').replaceAll('`', ''));
  },
);

test.each([
  ['docs/guide/tools.md', /in (\d+) lanes/],
  ['README.md', /(\d+)[^.]*\[tested\]\(docs\/guide\/tools\.md\)/],
])('%s says how many lanes there are', async (file, saying) => {
  const page = (await readFile(`${root}${file}`, 'utf8')).replaceAll('\n', ' ');
  expect(Number(saying.exec(page)?.[1])).toBe(lanes.length);
});
