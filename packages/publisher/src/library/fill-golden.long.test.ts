import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseGolden } from '@nearside/core';
import { expect, test } from 'vitest';
import { bytesField } from '../packing/protobuf-fields.js';
import { onnxOf, value } from '../testing/onnx-bytes.js';
import { PYTHON } from '../testing/python.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { draft } from './draft.js';
import { fillGolden } from './fill-golden.js';

// Both references answer, each in a process of its own.
test('outputs whose names hardly differ have answers of their own', async () => {
  const directory = await temporaryDirectory();
  const source = join(directory, 'two.onnx');
  const nodes = [nodeOf('Exp', 'z:0'), nodeOf('Neg', 'z_0'), nodeOf('Abs', 'Z_0')];
  await writeFile(source, onnxOf('Relu', ...nodes));
  const out = join(directory, 'draft');
  await draft({ source, out });
  for (const reference of PYTHON ? (['wasm', 'python'] as const) : (['wasm'] as const)) {
    await fillGolden({ directory: out, reference });
    const { cases } = parseGolden(JSON.parse(await readFile(join(out, 'golden.json'), 'utf8')));
    const answers = Object.values(cases[0]?.expected.fp32 ?? {}).map(({ file }) => file);
    expect(new Set(answers.map((file) => file.toLowerCase())).size, reference).toBe(4);
  }
});

/** A node of `x`, and its output as one of the graph's. */
function nodeOf(operator: string, output: string): Buffer {
  const node = [bytesField(1, 'x'), bytesField(2, output), bytesField(4, operator)];
  return Buffer.concat([bytesField(1, Buffer.concat(node)), bytesField(12, value(output, [1, 4]))]);
}
