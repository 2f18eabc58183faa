import { cp, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesDigest } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { openTemporary, type TemporaryDirectory } from '../files/temporary.js';
import { readModelDirectory } from '../packing/model-directory.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import {
  externalInitializer,
  initializer,
  onnxBytes,
  onnxOf,
  placedInitializer,
} from '../testing/onnx-bytes.js';
import { DIGITS_OF_FLOATS, differ, editJson } from '../testing/quantized-digits.js';
import { runNearside } from '../testing/run-nearside.js';
import { snapshotOf } from '../testing/snapshot.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { draft } from './draft.js';
import { pack } from './pack.js';
import { type QuantizedModel, quantize } from './quantize.js';

describe('a model is made small', () => {
  const ofFloats = { source: DIGITS_OF_FLOATS, name: 'digits', version: 'weights' } as const;
  let temporary: TemporaryDirectory;
  let small: string;
  let made: QuantizedModel;

  beforeAll(async () => {
    temporary = await openTemporary('quantized');
    small = join(temporary.directory, 'small');
    made = await quantize({ ...ofFloats, out: small });
  }, 60_000);
  afterAll(() => temporary[Symbol.asyncDispose]());

  test('into a model directory, of which only the small variant is packed', async () => {
    const directory = await temporaryDirectory();
    const [out, packed] = [join(directory, 'small'), join(directory, 'packed')];
    await cp(small, out, { recursive: true });
    expect(made.variants.map(({ name, ships }) => [name, ships])).toEqual([
      ['int8', true],
      ['fp32', false],
    ]);
    const [ours, floats] = made.variants.map(({ sizeBytes }) => sizeBytes) as [number, number];
    expect(ours).toBeLessThan(floats * 0.32);
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

  test('under a version that is made of what ships, which its card lists too', async () => {
    const { spec } = await readModelDirectory(small);
    const digest = await filesDigest([['int8/model.onnx', join(small, 'int8/model.onnx')]]);
    expect(spec.version).toBe(`0.0.0-h${digest.slice(0, 8)}`);
    const card = await readFile(join(small, 'MODEL.md'), 'utf8');
    expect(card.startsWith(`# digits ${spec.version}\n`)).toBe(true);
    expect(card.endsWith('## Variants\n\n- `int8`: int8/model.onnx\n')).toBe(true);
  });

  test('again with the same bytes, and edits of what it wrote are kept', async () => {
    const again = join(await temporaryDirectory(), 'again');
    await quantize({ ...ofFloats, out: again });
    expect(await snapshotOf(again)).toEqual(await snapshotOf(small));
    await writeFile(join(again, 'MODEL.md'), '# Mine');
    const { golden } = await quantize({ ...ofFloats, out: again });
    expect(golden.state).toBe('complete');
    expect(await readFile(join(again, 'MODEL.md'), 'utf8')).toBe('# Mine');
    const other = quantize({ ...ofFloats, out: again, formats: ['fp16'] });
    await expect(other).rejects.toMatchObject({ code: 'output-exists' });
  });

  test.each(['golden.json', 'baseline.json'])('and an edited %s is not replaced', async (name) => {
    const out = join(await temporaryDirectory(), 'small');
    await cp(small, out, { recursive: true });
    await editJson(out, name, (json) => {
      json.mine = true;
    });
    const before = await snapshotOf(out);
    const other = quantize({ ...ofFloats, out, keep: ['logits.weight'] });
    await expect(other).rejects.toMatchObject({ code: 'output-exists', details: { file: name } });
    expect(await snapshotOf(out)).toEqual(before);
  });

  test('and answered by the Python that is asked for', async () => {
    const out = join(await temporaryDirectory(), 'small');
    const made = quantize({
      source: DIGITS_OF_FLOATS,
      out,
      name: 'digits',
      python: 'no-such-python',
    });
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
    ['a format of another runtime', DIGITS_OF_FLOATS, ['--formats', 'uint8'], 'TensorFlow.js'],
    ['a name that is taken', DIGITS, ['--formats', 'int8'], "'int8'"],
    ['a tensor to be kept that is not there', DIGITS_OF_FLOATS, ['--keep', 'nowhere'], "'nowhere'"],
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
    await draft({ source: DIGITS_OF_FLOATS, out: source, name: 'digits' });
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
      await expect(made).rejects.toThrow(`got none. Leave ${format} out: fp16 can be made.`);
    },
  );

  test('a format of another runtime, with those that there are', async () => {
    const made = quantize({ source: DIGITS_OF_FLOATS, out: 'small', formats: ['uint8'] });
    await expect(made).rejects.toThrow(
      'Expected a format of ONNX (int8, int8-lean, fp16, int8-dynamic), got uint8, which is for TensorFlow.js.',
    );
  });

  test('a file that was cut anywhere, of whatever model', async () => {
    const directory = await temporaryDirectory();
    const [onnx, tfjs] = [join(directory, 'onnx'), join(directory, 'tfjs')];
    await mkdir(onnx);
    await writeFloats(tfjs);
    await writeFile(join(onnx, 'model.onnx'), onnxBytes(placedInitializer('w', 0, 8192)));
    await writeFile(join(onnx, 'model.onnx.weights'), new Uint8Array(8192));
    const files = [
      [onnx, 'model.onnx'],
      [onnx, 'model.onnx.weights'],
      [tfjs, 'model.json'],
      [tfjs, 'weights.bin'],
    ] as const;
    const cut = fc.tuple(
      fc.constantFrom(...files),
      fc.double({ min: 0, max: 1, maxExcluded: true }),
    );
    await fc.assert(
      fc.asyncProperty(cut, async ([[source, name], share]) => {
        const whole = await readFile(join(source, name));
        await writeFile(join(source, name), whole.subarray(0, Math.floor(share * whole.length)));
        const out = join(directory, 'small');
        const error = await quantize({ source, out }).catch((thrown) => thrown);
        await writeFile(join(source, name), whole);
        expect(['model-invalid', 'metadata-malformed']).toContain(error.code);
        expect(error.message).toContain(name);
        expect(await listFiles(out)).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['a place of weights that leads elsewhere', 'name-unsafe', '../w', externalInitializer('../w')],
    [
      'a weight that is no number',
      'model-invalid',
      "model.onnx: Tensor 'w'",
      initializer('w', 1, [32, 32], ofNaN(1024)),
    ],
    [
      'weights of other bytes than the shape has',
      'model-invalid',
      "model.onnx: Tensor 'w'",
      initializer('w', 1, [32, 64], ofNaN(1024)),
    ],
    ['weights that are not there', 'file-missing', 'w.bin', externalInitializer('w.bin')],
  ])('%s', async (_, code, named, part) => {
    const directory = await temporaryDirectory();
    const [source, out] = [join(directory, 'model.onnx'), join(directory, 'small')];
    await writeFile(source, onnxBytes(part));
    const { exitCode, errors } = await runNearside(['quantize', source, '--out', out]);
    expect([exitCode, errors]).toEqual([1, expect.stringContaining(code)]);
    expect(errors).toContain(named);
    expect(await listFiles(out)).toBeUndefined();
  });

  test('a file of more than 2 GB', async () => {
    const source = join(await temporaryDirectory(), 'model.onnx');
    await writeFile(source, '');
    await truncate(source, 2 ** 31); // takes no room on the disk
    const made = quantize({ source, out: `${source}.small` });
    await expect(made).rejects.toMatchObject({ code: 'model-invalid', details: { file: source } });
  });

  test('a folder that cannot be asked, before anything is made', async () => {
    const directory = await temporaryDirectory();
    const [folder, out] = [join(directory, 'items'), join(directory, 'small')];
    const made = quantize({ source: DIGITS_OF_FLOATS, out, keep: ['nowhere'], gate: { folder } });
    await expect(made).rejects.toMatchObject({
      code: 'file-missing',
      message: expect.stringContaining(folder),
    });
    expect(await listFiles(out)).toBeUndefined();
  });

  test('a model that does not open', async () => {
    const directory = await temporaryDirectory();
    const [source, out] = [join(directory, 'model.onnx'), join(directory, 'small')];
    const values = new Uint8Array(
      Float32Array.from({ length: 1024 }, (_, i) => Math.sin(i)).buffer,
    );
    await writeFile(source, onnxOf('NoSuchOperator', initializer('w', 1, [32, 32], values)));
    await expect(quantize({ source, out })).rejects.toMatchObject({ code: 'golden-missing' });
    expect(await listFiles(out)).toBeUndefined();
  });

  test('an unknown format is wrong usage', async () => {
    const words = ['quantize', DIGITS_OF_FLOATS, '--out', 'small', '--formats', 'int7'];
    const { exitCode, errors } = await runNearside(words);
    expect(exitCode).toBe(2);
    expect(errors).toContain('int8-lean');
  });
});

function ofNaN(count: number): Uint8Array {
  return new Uint8Array(new Float32Array(count).fill(Number.NaN).buffer);
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
