import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { readModelDirectory } from '../packing/model-directory.js';
import { RUNTIME_BYTES } from '../packing/try-runtime.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { initializer, onnxBytes } from '../testing/onnx-bytes.js';
import { runNearside } from '../testing/run-nearside.js';
import { snapshotOf } from '../testing/snapshot.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { draft } from './draft.js';
import { fillGolden } from './fill-golden.js';
import { pack } from './pack.js';
import { quantize } from './quantize.js';

const FLOATS = join(DIGITS, 'fp32/model.onnx');

async function answers(directory: string, variant: string): Promise<Float32Array> {
  const golden = JSON.parse(await readFile(join(directory, 'golden.json'), 'utf8'));
  const [output] = Object.values<{ file: string }>(golden.cases[0].expected[variant]);
  const bytes = await readFile(join(directory, output?.file ?? ''));
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** The largest difference, by the largest value. */
async function differ(directory: string, [a, b]: readonly [string, string]): Promise<number> {
  const [first, second] = [await answers(directory, a), await answers(directory, b)];
  const largest = Math.max(...first.map(Math.abs));
  return Math.max(...first.map((value, i) => Math.abs(value - (second[i] as number)))) / largest;
}

describe('a model is made small', () => {
  test('into a model directory, of which only the small variant is packed', async () => {
    const directory = await temporaryDirectory();
    const [out, packed] = [join(directory, 'small'), join(directory, 'packed')];
    const made = await quantize({ source: FLOATS, out, name: 'digits' });
    expect(made.variants.map(({ name, ships }) => [name, ships])).toEqual([
      ['int8', true],
      ['fp32', false],
    ]);
    const [small, floats] = made.variants.map(({ sizeBytes }) => sizeBytes) as [number, number];
    expect(small).toBeLessThan(floats * 0.32);
    expect(await differ(out, ['fp32', 'int8'])).toBeLessThan(0.02);
    await editJson(out, 'model.json', (json) => {
      json.variants[0].ships = true;
    });
    await pack({ modelDirectory: out, out: packed, onnxRuntime: 'common' });
    const { spec, files, goldenSize } = await readModelDirectory(packed);
    expect((await readModelDirectory(out)).goldenSize).toEqual(goldenSize);
    expect(spec.variants.map(({ name, dtype, ships }) => [name, dtype, ships])).toEqual([
      ['int8', 'fp32', undefined],
    ]);
    expect(files.filter((name) => name.includes('fp32') || name.endsWith('.onnx'))).toEqual([
      'int8/model.onnx',
    ]);
  });

  test('again with the same bytes, and edits of what it wrote are kept', async () => {
    const directory = await temporaryDirectory();
    const [one, two] = [join(directory, 'one'), join(directory, 'two')];
    await quantize({ source: FLOATS, out: one, name: 'digits' });
    await quantize({ source: FLOATS, out: two, name: 'digits' });
    const before = await snapshotOf(one);
    expect(await snapshotOf(two)).toEqual(before);
    await writeFile(join(one, 'MODEL.md'), '# Mine');
    const again = await quantize({ source: FLOATS, out: one, name: 'digits' });
    expect(again.golden.state).toBe('complete');
    expect(await readFile(join(one, 'MODEL.md'), 'utf8')).toBe('# Mine');
    const other = quantize({ source: FLOATS, out: one, name: 'digits', formats: ['fp16'] });
    await expect(other).rejects.toMatchObject({ code: 'output-exists' });
  });

  test('in every format, whose answers are near those of floats', async () => {
    const out = join(await temporaryDirectory(), 'small');
    const formats = ['int8', 'int8-lean', 'fp16', 'int8-dynamic'] as const;
    await quantize({ source: FLOATS, out, name: 'digits', formats });
    const { golden } = await readModelDirectory(out);
    expect(golden.tolerance).toMatchObject({ int8: { rel: 1e-3 }, 'int8-dynamic': { rel: 1e-2 } });
    expect(await differ(out, ['fp32', 'int8-dynamic'])).toBeLessThan(0.01);
    expect(await differ(out, ['int8', 'int8-lean'])).toBeLessThan(1e-6);
    expect(await differ(out, ['fp32', 'fp16'])).toBeLessThan(1e-3);
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

  test('of a draft, whose answers and tolerances stay; so does what computed them', async () => {
    const directory = await temporaryDirectory();
    const [source, out] = [join(directory, 'draft'), join(directory, 'small')];
    await draft({ source: FLOATS, out: source, name: 'digits' });
    await fillGolden({ directory: source });
    const tolerance = { abs: 0.007, rel: 0.003 };
    await editJson(source, 'golden.json', (json) => {
      json.tolerance.fp32 = tolerance;
      json.reference = 'another runtime';
    });
    await editJson(source, 'model.json', (json) => {
      json.limits.memoryBytes = 5e8;
      json.variants[0].memoryBytes = 5e8;
    });
    const made = await quantize({ source, out });
    expect(made.golden.state).toBe('filled');
    const { golden, spec } = await readModelDirectory(out);
    expect(golden.tolerance).toMatchObject({ fp32: tolerance, int8: expect.anything() });
    expect(golden.reference).toMatch(/^another runtime, onnxruntime-web \S+ wasm$/);
    expect(spec.limits.memoryBytes).toBe(RUNTIME_BYTES);
    expect((await fillGolden({ directory: out })).state).toBe('complete');
  });

  test('again in another format, from the floats that are compared with', async () => {
    const directory = await temporaryDirectory();
    const [source, out] = [join(directory, 'small'), join(directory, 'smaller')];
    await quantize({ source: FLOATS, out: source, name: 'digits' });
    const { variants } = await quantize({ source, out, formats: ['fp16'] });
    expect(variants.map(({ name, ships, tensors }) => [name, ships, tensors.length])).toEqual([
      ['fp16', true, 3],
      ['int8', true, 0],
      ['fp32', false, 0],
    ]);
    expect(await differ(out, ['fp32', 'fp16'])).toBeLessThan(1e-3);
  });

  test('under a version that is made of what ships', async () => {
    const directory = await temporaryDirectory();
    const versions: string[] = [];
    for (const formats of [['int8'], ['fp16']] as const) {
      const out = join(directory, formats[0]);
      await quantize({ source: FLOATS, out, name: 'digits', version: 'weights', formats });
      versions.push((await readModelDirectory(out)).spec.version);
    }
    expect(versions[0]).toMatch(/^0\.0\.0-h[0-9a-f]{8}$/);
    expect(versions[1]).not.toBe(versions[0]);
  });

  test('and answered by the Python that is asked for', async () => {
    const out = join(await temporaryDirectory(), 'small');
    const made = quantize({ source: FLOATS, out, name: 'digits', python: 'no-such-python' });
    await expect(made).rejects.toMatchObject({
      code: 'golden-missing',
      message: expect.stringContaining('no-such-python'),
    });
  });

  test('of TensorFlow.js, in bytes and half floats', async () => {
    const directory = await temporaryDirectory();
    const [source, out] = [join(directory, 'tfjs'), join(directory, 'small')];
    await writeFloats(source);
    await quantize({ source, out, formats: ['uint8', 'float16'], name: 'digits' });
    const { spec } = await readModelDirectory(out);
    expect(spec.variants.map(({ dtype }) => dtype)).toEqual(['fp32', 'fp32', 'fp32']);
    expect(await listFiles(join(out, 'uint8'))).toEqual(['group1.bin', 'model.json']);
    expect(await differ(out, ['fp32', 'uint8'])).toBeLessThan(0.05);
    expect(await differ(out, ['fp32', 'float16'])).toBeLessThan(1e-3);
  });
});

describe('what cannot be made small is refused by name, and nothing is written', () => {
  test.each([
    ['a file that is small already', join(DIGITS, 'int8/model.onnx'), [], 'fp32'],
    ['a format of another runtime', FLOATS, ['--formats', 'uint8'], 'TensorFlow.js'],
    ['a name that is taken', DIGITS, ['--formats', 'int8'], "'int8'"],
    ['a tensor to be kept that is not there', FLOATS, ['--keep', 'nowhere'], "'nowhere'"],
  ])('%s', async (_, source, flags, named) => {
    const out = join(await temporaryDirectory(), 'small');
    const { exitCode, errors } = await runNearside(['quantize', source, '--out', out, ...flags]);
    expect(exitCode).toBe(1);
    expect(errors).toContain('model-invalid');
    expect(errors).toContain(named);
    expect(await listFiles(out)).toBeUndefined();
  });

  test('a source that the output lies in, or that lies in the output, which stay as they are', async () => {
    const source = join(await temporaryDirectory(), 'digits.draft');
    await draft({ source: FLOATS, out: source, name: 'digits' });
    const before = await snapshotOf(source);
    const packed = source.replace('.draft', '');
    for (const words of [
      ['quantize', source, '--out', source],
      ['quantize', source, '--out', join(source, 'small')],
      ['quantize', join(source, 'onnx/model.onnx'), '--out', source],
      ['pack', source, '--quantize', '--out', packed],
      ['pack', join(source, 'onnx/model.onnx'), '--version', '2.0.0', '--out', packed],
    ]) {
      const { exitCode, errors } = await runNearside(words);
      expect([exitCode, errors]).toEqual([1, expect.stringContaining('output-exists')]);
      expect(await snapshotOf(source)).toEqual(before);
    }
  });

  test.each([
    ['int8', [1, 2048], 'fewer bytes as int8'], // a bias
    ['int8-dynamic', [32, 64], 'MatMul or Gemm'],
  ] as const)(
    '%s where it changes nothing, beside a format that does',
    async (format, shape, named) => {
      const directory = await temporaryDirectory();
      const source = join(directory, 'model.onnx');
      const values = new Uint8Array(new Float32Array(2048).fill(0.5).buffer);
      await writeFile(source, onnxBytes(initializer('b', 1, [...shape], values)));
      const made = quantize({ source, out: join(directory, 'small'), formats: ['fp16', format] });
      await expect(made).rejects.toMatchObject({
        code: 'model-invalid',
        message: expect.stringContaining(named),
      });
    },
  );

  test('an unknown format is wrong usage', async () => {
    const words = ['quantize', FLOATS, '--out', 'small', '--formats', 'int7'];
    const { exitCode, errors } = await runNearside(words);
    expect(exitCode).toBe(2);
    expect(errors).toContain('int8-lean');
  });
});

async function editJson(
  directory: string,
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a test
  edit: (json: any) => void,
): Promise<void> {
  const json = JSON.parse(await readFile(join(directory, name), 'utf8'));
  edit(json);
  await writeFile(join(directory, name), JSON.stringify(json));
}

/** The digits of TensorFlow.js in floats, which lie on no grid, as training leaves them. */
async function writeFloats(directory: string): Promise<void> {
  await mkdir(directory);
  const document = JSON.parse(await readFile(join(DIGITS, 'tfjs/model.json'), 'utf8'));
  const stored = await readFile(join(DIGITS, 'tfjs/weights.bin'));
  let offset = 0;
  const parts: Uint8Array[] = [];
  for (const weight of document.weightsManifest[0].weights) {
    const { shape, quantization, ...float } = weight;
    const count = shape.reduce((product: number, axis: number) => product * axis, 1);
    const bytes = stored.subarray(offset, offset + count * (quantization ? 1 : 4));
    offset += bytes.length;
    const floats = quantization
      ? Float32Array.from(bytes, (byte, i) => {
          return (byte + Math.sin(i) / 2) * quantization.scale + quantization.min;
        })
      : bytes;
    parts.push(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
    Object.assign(weight, float);
    delete weight.quantization;
  }
  await writeFile(join(directory, 'model.json'), JSON.stringify(document));
  await writeFile(join(directory, 'weights.bin'), Buffer.concat(parts));
}
