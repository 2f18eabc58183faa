import { readdir, readFile } from 'node:fs/promises';
import { ERROR_CODES } from '@nearside/core';
import { PUBLISHER_ERROR_CODES } from '@nearside/publisher';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

const page = await readFile(`${root}docs/errors.md`, 'utf8');

test('docs/errors.md explains every code of a device and of the publisher, and no other', () => {
  const explained = [...page.matchAll(/^### `([a-z-]+)`$/gm)].map(([, code]) => code);
  expect([...explained].sort()).toEqual([...ERROR_CODES, ...PUBLISHER_ERROR_CODES].sort());
});

test('docs/errors.md says which codes are `retryable`, always or sometimes, as the code has it', async () => {
  expect(toldRetryable()).toEqual(await thrownRetryable());
});

type Retryable = Record<string, 'always' | 'sometimes'>;

/** The rows of its table. */
function toldRetryable(): Retryable {
  const rows = [...page.matchAll(/^\| (`[^|]+?) +\| (.+?) +\|$/gm)].slice(1); // its head is none
  return Object.fromEntries(
    rows.flatMap(([, codes = '', when]) =>
      [...codes.matchAll(/`([a-z-]+)`/g)].map(([, code]) => [
        code,
        when === 'always' ? 'always' : 'sometimes',
      ]),
    ),
  );
}

/** What a damaged chunk in the store is found by; `chunk-store.ts` throws it again under its own code. */
const COMPUTED: Retryable = { 'digest-mismatch': 'sometimes', 'size-mismatch': 'sometimes' };

/** As every `new NearsideError('code', …, { retryable })`, or `PublisherError`, has it. */
async function thrownRetryable(): Promise<Retryable> {
  const found = new Map<string, Set<string>>();
  for (const name of ['core', 'artifact', 'pipeline', 'nearside', 'publisher']) {
    const folder = `${root}packages/${name}/src/`;
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      for (const { codes, retryable } of errorsMadeIn(await readFile(folder + file, 'utf8'))) {
        for (const code of codes) found.set(code, (found.get(code) ?? new Set()).add(retryable));
      }
    }
  }
  const some = [...found].filter(([, ways]) => [...ways].some((way) => way !== 'false'));
  const thrown = some.map(([code, ways]) => [
    code,
    ways.size === 1 && ways.has('true') ? 'always' : 'sometimes',
  ]);
  return { ...Object.fromEntries(thrown), ...COMPUTED };
}

const CLASSES = ['NearsideError', 'PublisherError'];

/** The codes that a file makes errors of, where it names them, and what it says of `retryable` there. */
function errorsMadeIn(text: string): { codes: string[]; retryable: string }[] {
  const made: { codes: string[]; retryable: string }[] = [];
  visit(ts.createSourceFile('', text, ts.ScriptTarget.ESNext, true));
  return made;

  function visit(node: ts.Node): void {
    if (ts.isNewExpression(node) && CLASSES.includes(node.expression.getText())) {
      const [code, , options] = node.arguments ?? [];
      if (code) made.push({ codes: textsIn(code), retryable: retryableOf(options) });
    }
    ts.forEachChild(node, visit);
  }
}

function textsIn(node: ts.Node): string[] {
  if (ts.isStringLiteral(node)) return [node.text];
  const texts: string[] = [];
  ts.forEachChild(node, (child) => void texts.push(...textsIn(child)));
  return texts;
}

/** As it is written; `false` where nothing is. */
function retryableOf(options: ts.Expression | undefined): string {
  if (!options || !ts.isObjectLiteralExpression(options)) return 'false';
  const property = options.properties.find((property) => property.name?.getText() === 'retryable');
  return property && ts.isPropertyAssignment(property) ? property.initializer.getText() : 'false';
}
