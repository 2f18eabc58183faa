import { expect, test } from 'vitest';
import { atlasToMarkdown } from './atlas-markdown.ts';
import { byOperator, filterRows, showColumns } from './by-operator.ts';
import { exampleAtlas } from './example-atlas.ts';
import { rightShare } from './verdicts.ts';

const result = exampleAtlas();
const rows = byOperator(result.tests.list);
const columns = showColumns(result);

function testsLike(filter: Parameters<typeof filterRows>[2]): string[] {
  return filterRows(rows, columns, filter).flatMap(({ tests }) => tests.map(({ name }) => name));
}

test('the share counts what a backend has kernels for, wherever it was computed', () => {
  expect(columns.map(({ counts }) => rightShare(counts))).toEqual([2 / 3, 2 / 3]);
});

test('the table is narrowed by name, by verdict, and to what backends judge differently', () => {
  expect(testsLike({ text: 'dft', kind: 'all' })).toEqual(['test_dft', 'test_dft_axis']);
  expect(testsLike({ text: '', kind: 'failed' })).toEqual(['test_dft']);
  expect(testsLike({ text: '', kind: 'differs' })).toEqual(['test_dft']);
});

test('a verdict has its note, its reason to be left out, or what is known of it', () => {
  const [wasm, webgpu] = columns;
  expect(wasm?.noteOf('test_dft')).toBe('y: 20 of 200 values differ');
  expect(wasm?.noteOf('test_add_uint64')).toBe('it takes or gives UINT64');
  expect(webgpu?.noteOf('test_dft')).toContain('rounding in 32 bits');
  expect(wasm?.verdictOf('test_of_another_version')).toBe('waiting');
});

test('Markdown has the counts, labels a software GPU, and names operators that are not all right', () => {
  const lines = atlasToMarkdown(result).split('\n');
  expect(lines[2]).toBe(
    '| backend | right of those with a kernel | right | right on the CPU | wrong | failed | left out | seconds |',
  );
  expect(lines[5]).toBe(
    '| onnx-webgpu (google swiftshader), software GPU | 66.7% | 1 | 1 | 0 | 1 | 1 | 200 |',
  );
  expect(lines.filter((line) => line.startsWith('| DFT'))).toEqual(['| DFT | 1/2 | 1/2 |']);
  expect(lines.some((line) => line.startsWith('| Add'))).toBe(false);
});
