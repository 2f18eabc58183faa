import { expect, test } from 'vitest';
import { exampleResult } from '../results/example-result.ts';
import { textOfFragment, toFragment } from '../results/share-link.ts';
import { forLink, parseAtlas } from './atlas-result.ts';
import type { Corpus } from './corpus.ts';
import { exampleAtlas } from './example-atlas.ts';

const { identity, source, list } = exampleAtlas().tests;

/** A page that has the example's tests, or others. */
function pageWith(tests: string): Corpus {
  const corpus = { source, identity: tests, tests: list.map(({ excluded: _, ...test }) => test) };
  return corpus as unknown as Corpus;
}

async function throughLink(result: object): Promise<string> {
  return (await textOfFragment(await toFragment(result))) ?? '';
}

test('a saved file is read as it was written, also by a page without tests', () => {
  const result = exampleAtlas();
  expect(parseAtlas(JSON.stringify(result), undefined)).toEqual(result);
});

test('a link holds every verdict, and a page with the same tests names them', async () => {
  const text = await throughLink(forLink(exampleAtlas()));
  const { columns, tests } = parseAtlas(text, pageWith(identity));
  expect(columns.map(({ verdicts }) => verdicts)).toEqual(['rxwr', 'cxfr']);
  expect(tests.list.map(({ name }) => name)).toEqual(list.map(({ name }) => name));
  expect(text).not.toContain('test_dft');
});

test('a link with as many tests as ONNX has stays short', async () => {
  const result = exampleAtlas();
  const verdicts = Array.from({ length: 1_300 }, (_, i) => 'rrrrrrrwcafx'[(i * i) % 12]).join('');
  result.columns = result.columns.map((column) => ({ ...column, verdicts }));
  expect((await toFragment(forLink(result))).length).toBeLessThan(2_000);
});

test('a link about other tests says so, and what helps', async () => {
  const text = await throughLink(forLink(exampleAtlas()));
  for (const here of [pageWith('others'), undefined])
    expect(() => parseAtlas(text, here)).toThrow('The JSON file has all of them.');
});

test.each([
  ['a benchmark', exampleResult(), 'got JSON of something else'],
  ['a later format', { ...exampleAtlas(), format: 2 }, 'got format 2'],
  [
    'a word of other letters',
    {
      ...exampleAtlas(),
      columns: [{ ...exampleAtlas().columns[0], verdicts: 'r?wr' }],
    },
    'verdicts',
  ],
  [
    'fewer verdicts than tests',
    {
      ...exampleAtlas(),
      columns: [{ ...exampleAtlas().columns[0], verdicts: 'rx' }],
    },
    'Expected 4 verdicts on onnx-wasm, got 2',
  ],
])('%s is refused', (_, value, said) => {
  expect(() => parseAtlas(JSON.stringify(value), undefined)).toThrow(said);
});
