import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { vite8Pwa } from '../consumers/lanes/vite-8-pwa.mjs';
import { OPEN_KINDS } from '../packages/nearside/src/page/options/call-options.js';
import { FIRST_STEPS } from '../packages/pipeline/src/step-table.js';
import { root } from './root.mjs';

const blocksOf = (page: string) =>
  [...page.matchAll(/```js\n([\s\S]+?)```/g)].map(([, js]) => js ?? '');
const linesOf = (text: string) => text.split('\n').map((line) => line.trim());

test('the line for vite-plugin-pwa in docs/guide/offline.md is the one that a fresh app is built with', async () => {
  const page = await readFile(`${root}docs/guide/offline.md`, 'utf8');
  const inOneLine = (blocksOf(page)[0] ?? '').replace(/\s+/g, ' ').replaceAll(', }', ' }');
  expect(inOneLine).toContain(vite8Pwa.line);
});

test('the lines of an app in docs/guide/offline.md are those that examples/ocr-pwa is built with', async () => {
  const page = await readFile(`${root}docs/guide/offline.md`, 'utf8');
  const config = await readFile(`${root}examples/ocr-pwa/vite.config.ts`, 'utf8');
  const documented = linesOf(blocksOf(page)[1] ?? '').filter((line) => /^\w+: /.test(line));
  expect(documented.length).toBeGreaterThan(5);
  expect(linesOf(config)).toEqual(expect.arrayContaining(documented));
});

test('docs/guide/offline.md names the version of vite-plugin-pwa that examples/ocr-pwa pins', async () => {
  const page = await readFile(`${root}docs/guide/offline.md`, 'utf8');
  const manifest = await readFile(`${root}examples/ocr-pwa/package.json`, 'utf8');
  const version = JSON.parse(manifest).devDependencies['vite-plugin-pwa'];
  expect(page.replaceAll('\n', ' ')).toContain(`vite-plugin-pwa ${version} with Vite 8`);
});

test('docs/guide/offline.md names the steps that every worker has', async () => {
  const page = await readFile(`${root}docs/guide/offline.md`, 'utf8');
  const [, named = ''] = /Workers have (.+?)\. *\n/.exec(page) ?? [];
  const { preprocessing, postprocessing } = FIRST_STEPS;
  expect([...named.matchAll(/`([\w-]+)`/g)].map(([, name]) => name)).toEqual(
    [...preprocessing, ...postprocessing].map(({ name }) => name),
  );
});

test('docs/guide/offline.md names the options that `open` waits for the second part with', async () => {
  const page = (await readFile(`${root}docs/guide/offline.md`, 'utf8')).replaceAll(/\s+/g, ' ');
  const [, named = ''] = /and with ([^.]+)\. `clear`/.exec(page) ?? [];
  const kinds = Object.entries(OPEN_KINDS);
  const unread = kinds.filter(([, kind]) => Object.keys(kind).length === 0).map(([name]) => name);
  const late = ['fallback', 'worker', ...unread];
  expect([...named.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(late.sort());
});
