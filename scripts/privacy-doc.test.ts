import { readFile } from 'node:fs/promises';
import { ReportSchema, TracesSchema } from '@nearside/core';
import { expect, test } from 'vitest';
import { root } from './root.mjs';

/** These parts of valibot's schemas lead to fields. */
interface Schema {
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly wrapped?: Schema;
  readonly item?: Schema;
}

test('docs/privacy.md lists every field of a report, and none that is not there', async () => {
  const page = await readFile(`${root}docs/privacy.md`, 'utf8');
  const [, section = ''] = page.split('## What a report has');
  const [table = ''] = section.split('The schema refuses any other field');
  const listed = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, path]) => path);
  expect(listed).toEqual([...fieldsOf(ReportSchema as unknown as Schema)].sort(inOrderOf(listed)));
});

test('docs/privacy.md lists every attribute of a trace, and none that is not there', async () => {
  const page = await readFile(`${root}docs/privacy.md`, 'utf8');
  const [, section = ''] = page.split('## What a trace has');
  const [table = ''] = section.split('The schema refuses any other field');
  const listed = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, key]) => key);
  expect(listed).toEqual([...new Set(keysOf(TracesSchema))].sort(inOrderOf(listed)));
});

test.each([
  'README.md',
  'docs/privacy.md',
  'docs/faq.md',
  'docs/guide/promises.md',
  'packages/collector/README.md',
])('%s says in the same words what is sent', async (path) => {
  const words = (await readFile(root + path, 'utf8')).replace(/\s+/g, ' ');
  expect(words).toContain('counts and histograms');
  expect(words).toMatch(/Traces of single runs(\]\(\S+\))? are sent only with \[?`traceRate`/);
});

/** Keys of attributes, wherever they are in a schema; a resource has but one, the name of the library. */
function* keysOf(schema: unknown): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  const { entries } = schema as { entries?: { key?: { literal?: string } } };
  const key = entries?.key?.literal;
  if (key !== undefined && key !== 'service.name') yield key;
  for (const part of Object.values(schema)) yield* keysOf(part);
}

/** Paths of fields that hold something themselves: a histogram is one. */
function* fieldsOf(schema: Schema, path = ''): Generator<string> {
  const { entries, wrapped, item } = schema;
  if (wrapped) yield* fieldsOf(wrapped, path);
  else if (entries && !Object.hasOwn(entries, 'sum')) {
    for (const [name, field] of Object.entries(entries)) {
      yield* fieldsOf(field, path === '' ? name : `${path}.${name}`);
    }
  } else if (item?.entries && path === 'feedback.byAge') {
    yield path;
    yield* fieldsOf(item, path);
  } else if (item?.entries && path === 'updates') yield* fieldsOf(item, path);
  else yield path;
}

/** The page has an order of its own. */
function inOrderOf(listed: readonly (string | undefined)[]) {
  return (a: string, b: string) => listed.indexOf(a) - listed.indexOf(b);
}
