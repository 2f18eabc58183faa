import { readdir, readFile } from 'node:fs/promises';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { typesOf } from './library-types.js';
import { root } from './root.mjs';

/** What the examples take for granted: all that they name and do not declare. */
const PRELUDE = `
declare const trust: string;
declare const photo: Blob;
declare const photos: readonly Blob[];
declare const file: File;
declare const data: Float32Array<ArrayBuffer>;
declare const camera: AsyncIterable<VideoFrame>;
declare const signal: AbortSignal;
declare const model: import('nearside').Model;
declare function draw(index: number, output: import('nearside').Output): void;
`;

/** The whole program's types are read: a second or two, and more on a busy machine. */
const LIMIT_MS = 60_000;

test(
  'every TypeScript example of the library type-checks against the library',
  async () => {
    const pages = ['README.md', 'packages/nearside/README.md', 'docs/api.md'];
    const examples: Record<string, string> = { 'prelude.ts': PRELUDE };
    for (const page of pages) {
      for (const [i, example] of (await examplesOf(page)).entries()) {
        examples[`${page}-${i + 1}.ts`] = `${example}\nexport {};\n`; // each is a module
      }
    }
    expect(Object.keys(examples)).toContain('README.md-1.ts');
    const program = typesOf(examples);
    const diagnostics = Object.keys(examples).flatMap((name) => {
      const source = program.getSourceFile(`${root}${name}`);
      return [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
    });
    expect(diagnostics.map(inWords)).toEqual([]);
  },
  LIMIT_MS,
);

test('every TypeScript example of the READMEs parses, also on Node 20, which knows no `using`', async () => {
  const packages = await readdir(`${root}packages`);
  for (const file of ['README.md', ...packages.map((name) => `packages/${name}/README.md`)]) {
    for (const example of await examplesOf(file)) {
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

/** None of a page that is not there. */
async function examplesOf(page: string): Promise<string[]> {
  const text = await readFile(`${root}${page}`, 'utf8').catch(() => '');
  return [...text.matchAll(/```ts\n([\s\S]+?)```/g)].map(([, example = '']) => example);
}

function inWords({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = file && file.getLineAndCharacterOfPosition(start).line + 1;
  const name = file?.fileName.slice(root.length);
  return `${name}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}
