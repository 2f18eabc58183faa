import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { lanes } from '../consumers/lanes.mjs';
import { root } from './root.mjs';

test.each(lanes)(
  'docs/guide/tools.md has $name, and the setting it is tested with',
  async (lane) => {
    const page = (await readFile(`${root}docs/guide/tools.md`, 'utf8')).replaceAll('`', '');
    expect(page.toLowerCase()).toContain(lane.name.replace('-', ' '));
    expect(page).toContain((lane.line ?? '').replaceAll('`', ''));
  },
);
