import { cp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { openTemporary, type TemporaryDirectory } from '../files/temporary.js';
import { readModelDirectory } from '../packing/model-directory.js';
import { RUNTIME_BYTES } from '../packing/try-runtime.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { DIGITS_OF_FLOATS, differ, editJson } from '../testing/quantized-digits.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { fillGolden } from './fill-golden.js';
import { pack } from './pack.js';
import { quantize } from './quantize.js';

// Each answers golden cases in several processes of wasm, which takes seconds.
describe('a model is made small', () => {
  let temporary: TemporaryDirectory;
  let small: string;

  beforeAll(async () => {
    temporary = await openTemporary('quantized');
    small = join(temporary.directory, 'small');
    await quantize({ source: DIGITS_OF_FLOATS, name: 'digits', version: 'weights', out: small });
  }, 60_000);
  afterAll(() => temporary[Symbol.asyncDispose]());

  test('of what it wrote, whose variant is made anew, and answered where it is another', async () => {
    const directory = await temporaryDirectory();
    const [source, out] = [join(directory, 'small'), join(directory, 'again')];
    await cp(small, source, { recursive: true });
    await rename(join(source, 'golden/random-1.int8.logits.bin'), join(source, 'golden/own.bin'));
    await editJson(source, 'golden.json', ({ cases }) => {
      cases[0].expected.int8.logits.file = 'golden/own.bin';
    });
    const { variants, golden } = await quantize({ source, out, keep: ['logits.weight'] });
    expect(await listFiles(out)).toEqual(await listFiles(small));
    expect(golden.state).toBe('filled');
    expect(variants.map(({ name, ships }) => [name, ships])).toEqual([
      ['int8', true],
      ['fp32', false],
    ]);
    const sizeOf = async (directory: string) =>
      (await readFile(join(directory, 'int8/model.onnx'))).length;
    expect(await sizeOf(out)).toBeGreaterThan(await sizeOf(small));
    await pack({ modelDirectory: out, out: join(out, '../packed'), onnxRuntime: 'common' });
  });

  test('in other formats too, of the same floats; answers that are there stay', async () => {
    const directory = await temporaryDirectory();
    const [source, out] = [join(directory, 'small'), join(directory, 'smaller')];
    await cp(small, source, { recursive: true });
    const tolerance = { abs: 0.007, rel: 0.003 };
    await editJson(source, 'golden.json', (json) => {
      json.tolerance.int8 = tolerance;
      json.reference = 'another runtime';
    });
    await editJson(source, 'model.json', (json) => {
      json.limits.memoryBytes = 5e8;
      json.variants[1].memoryBytes = 5e8;
    });
    const formats = ['fp16', 'int8-lean', 'int8-dynamic'] as const;
    const { variants } = await quantize({ source, out, formats });
    expect(variants.map(({ name, ships, tensors }) => [name, ships, tensors.length])).toEqual([
      ['fp16', true, 3],
      ['int8-lean', true, 3],
      ['int8-dynamic', true, 1],
      ['int8', true, 0],
      ['fp32', false, 0],
    ]);
    expect(await differ(out, ['fp32', 'fp16'])).toBeLessThan(1e-3);
    expect(await differ(out, ['int8', 'int8-lean'])).toBeLessThan(1e-6);
    expect(await differ(out, ['fp32', 'int8-dynamic'])).toBeLessThan(0.01);
    const { golden, spec } = await readModelDirectory(out);
    expect(golden.tolerance).toMatchObject({
      int8: tolerance,
      fp16: { rel: 1e-3 },
      'int8-dynamic': { rel: 1e-2 },
    });
    expect(golden.reference).toMatch(/^another runtime, onnxruntime-web \S+ wasm$/);
    expect(spec.limits.memoryBytes).toBe(RUNTIME_BYTES);
    expect((await fillGolden({ directory: out })).state).toBe('complete');
  });

  test('of a model directory, whose own answers stay', async () => {
    const out = join(await temporaryDirectory(), 'small');
    await quantize({ source: DIGITS, out, formats: ['fp16'] });
    const { spec, golden } = await readModelDirectory(out);
    const names = ['fp16', 'int8', 'fp32', 'uint8'];
    expect(spec.variants.map(({ name }) => name)).toEqual(names);
    const before = await readModelDirectory(DIGITS);
    for (const [i, { expected }] of before.golden.cases.entries()) {
      expect(golden.cases[i]?.expected).toMatchObject(expected);
    }
    expect(Object.keys(golden.tolerance).sort()).toEqual([...names].sort());
  });
});
