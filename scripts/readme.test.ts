import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

test('the README’s first example is the one that is type-checked', async () => {
  const readme = await readFile(`${root}README.md`, 'utf8');
  const checked = await readFile(`${root}tests/readme-example.ts`, 'utf8');
  const [, example] = /```ts\n([\s\S]+?)```/.exec(readme) ?? [];
  expect(checked).toContain(example);
});
