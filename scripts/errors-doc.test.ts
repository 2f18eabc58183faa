import { readFile } from 'node:fs/promises';
import { ERROR_CODES } from '@nearside/core';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

test('docs/errors.md explains every code, and no other', async () => {
  const page = await readFile(`${root}docs/errors.md`, 'utf8');
  const explained = [...page.matchAll(/^### `([a-z-]+)`$/gm)].map(([, code]) => code);
  expect([...explained].sort()).toEqual([...ERROR_CODES].sort());
});
