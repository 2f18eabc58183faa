import { readdir, readFile } from 'node:fs/promises';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

test('the README’s first example is the one that is type-checked', async () => {
  const readme = await readFile(`${root}README.md`, 'utf8');
  const checked = await readFile(`${root}tests/readme-example.ts`, 'utf8');
  const [, example] = /```ts\n([\s\S]+?)```/.exec(readme) ?? [];
  expect(checked).toContain(example);
});

test('every TypeScript example of the READMEs parses, also on Node 20, which knows no `using`', async () => {
  const packages = await readdir(`${root}packages`);
  for (const file of ['README.md', ...packages.map((name) => `packages/${name}/README.md`)]) {
    const readme = await readFile(`${root}${file}`, 'utf8').catch(() => '');
    for (const [, example = ''] of readme.matchAll(/```ts\n([\s\S]+?)```/g)) {
      const { diagnostics = [] } = ts.transpileModule(example, {
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
      });
      expect(
        diagnostics.map(({ messageText }) => messageText),
        file,
      ).toEqual([]);
      expect(example, file).not.toMatch(/^\s*(?:await )?using /m);
    }
  }
});
