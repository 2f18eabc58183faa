import { expect, test } from 'vitest';
import { exampleResult } from './example-result.ts';
import { toMarkdown } from './markdown.ts';

test('a result becomes a table with a line for each row', () => {
  const lines = toMarkdown(exampleResult()).split('\n');
  expect(lines[0]).toBe('### Digits: Chrome 156 on Linux, 2 cores');
  expect(lines[4]).toBe(
    '| Nearside onnx-wasm | onnx-wasm | 0.25 ms | 0.35 ms | 420 ms | 210 ms | 10,000/s | 0 ms | 33.6 MB | right, 3 golden cases |',
  );
  expect(lines[5]).toContain('This browser has no WebGPU.');
  const columns = lines.slice(2, 6).map((each) => each.split(' | ').length);
  expect(new Set(columns).size).toBe(1);
});

test("a file's name cannot break the table or become markup", () => {
  const result = exampleResult();
  result.model.title = 'a|b <img src=x>\n# c';
  expect(toMarkdown(result).split('\n')[0]).toBe(
    '### a\\|b \\<img src=x\\> # c: Chrome 156 on Linux, 2 cores',
  );
});
