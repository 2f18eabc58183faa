import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { LIBRARY_VERSION } from './library-version.js';

test('the version in reports is the version in package.json', async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  expect(LIBRARY_VERSION).toBe(JSON.parse(manifest).version);
});
