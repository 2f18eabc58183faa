import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

test('the lines for vite-plugin-pwa in docs/guide/offline.md are those that examples/ocr-pwa is built with', async () => {
  const page = await readFile(`${root}docs/guide/offline.md`, 'utf8');
  const config = await readFile(`${root}examples/ocr-pwa/vite.config.ts`, 'utf8');
  const [, block = ''] = /```js\n([\s\S]+?)```/.exec(page) ?? [];
  const lines = (text: string) => text.split('\n').map((line) => line.trim());
  const documented = lines(block).filter((line) => /^\w+: /.test(line));
  expect(documented.length).toBeGreaterThan(5);
  expect(lines(config)).toEqual(expect.arrayContaining(documented));
});

test('docs/guide/offline.md names the version of vite-plugin-pwa that examples/ocr-pwa pins', async () => {
  const page = await readFile(`${root}docs/guide/offline.md`, 'utf8');
  const manifest = await readFile(`${root}examples/ocr-pwa/package.json`, 'utf8');
  const version = JSON.parse(manifest).devDependencies['vite-plugin-pwa'];
  expect(page.replaceAll('\n', ' ')).toContain(`) ${version} with Vite 8`);
});
