import { copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MAX_CHUNK_BYTES, parseLayout } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { pack } from './pack.js';
import { compressSlice } from './packing/compress-slice.js';
import { listFiles } from './packing/list-files.js';
import { sliceSizes } from './packing/slices.js';
import { sha256Hex } from './sha256-hex.js';
import { fixture, LEAKY_SUM } from './testing/fixtures.js';
import { noise, writeSyntheticModel } from './testing/synthetic-model.js';
import { temporaryDirectory } from './testing/workspace.js';

async function prepare(model = {}) {
  const directory = await temporaryDirectory();
  const modelDirectory = await writeSyntheticModel(join(directory, 'model'), model);
  return { directory, modelDirectory, out: join(directory, 'packed') };
}

async function contents(directory: string): Promise<Map<string, string>> {
  const names = (await listFiles(directory)) ?? [];
  const digests = await Promise.all(
    names.map(async (name) => sha256Hex(await readFile(join(directory, name)))),
  );
  return new Map(names.map((name, i) => [name, digests[i] ?? '']));
}

// biome-ignore lint/suspicious/noExplicitAny: tests break documents in ways their types forbid
async function editJson(file: string, edit: (value: any) => void): Promise<void> {
  const value = JSON.parse(await readFile(file, 'utf8'));
  edit(value);
  await writeFile(file, JSON.stringify(value));
}

describe('what pack writes', () => {
  test('is the files that the spec and the golden cases name, untouched, and their layout', async () => {
    const { modelDirectory, out } = await prepare();
    await pack({ modelDirectory, out });
    const source = await contents(modelDirectory);
    const packed = await contents(out);
    expect(packed.has('train/notes.txt')).toBe(false);
    expect([...packed.keys()]).toEqual(
      [...source.keys(), 'layout.json'].filter((name) => name !== 'train/notes.txt').sort(),
    );
    for (const [name, digest] of packed) {
      if (name !== 'layout.json') expect(digest, name).toBe(source.get(name));
    }
  });

  test('is byte-identical for the same input', async () => {
    const { directory, modelDirectory, out } = await prepare();
    const again = join(directory, 'again');
    await pack({ modelDirectory, out });
    await pack({ modelDirectory, out: again });
    expect(await contents(again)).toEqual(await contents(out));
  });

  test('is cut into one chunk per file up to 4 MiB, else into consecutive slices of 4 MiB', async () => {
    const { modelDirectory, out } = await prepare({ weightBytes: MAX_CHUNK_BYTES * 2 + 5 });
    const { files } = await pack({ modelDirectory, out });
    const layout = parseLayout(JSON.parse(await readFile(join(out, 'layout.json'), 'utf8')));
    const weights = await readFile(join(modelDirectory, 'onnx/model.onnx'));
    const slices = [0, 1, 2].map((i) =>
      weights.subarray(i * MAX_CHUNK_BYTES, (i + 1) * MAX_CHUNK_BYTES),
    );
    expect(layout.files['onnx/model.onnx']).toEqual(
      slices.map((slice) => [sha256Hex(slice), slice.length]),
    );
    expect(files.filter(({ chunks }) => chunks === 1)).toHaveLength(files.length - 1);
  });

  test('is told of chunk by chunk, up to all bytes', async () => {
    const { modelDirectory, out } = await prepare();
    const told: { doneBytes: number; totalBytes: number }[] = [];
    const packed = await pack({ modelDirectory, out, onProgress: (now) => told.push(now) });
    expect(told).toHaveLength(packed.files.length);
    expect(told.at(-1)).toEqual({ doneBytes: packed.sizeBytes, totalBytes: packed.sizeBytes });
  });

  test('names a compressed size only where gzip saves over a tenth', async () => {
    const { modelDirectory, out } = await prepare();
    await pack({ modelDirectory, out });
    const { files } = parseLayout(JSON.parse(await readFile(join(out, 'layout.json'), 'utf8')));
    expect(files['onnx/model.onnx']?.[0]).toHaveLength(2);
    expect(files['tfjs/weights.bin']?.[0]).toHaveLength(3);
    const barely = new Uint8Array(1000).fill(0);
    barely.set(noise(920, 3));
    expect(await compressSlice(barely)).toBeUndefined();
  });
});

describe('weights of known tensors', () => {
  const weights = [
    { name: 'small', dtype: 'float32', shape: [10] },
    { name: 'large', dtype: 'float32', shape: [100, 300], quantization: { dtype: 'uint16' } },
    { name: 'bias', dtype: 'float32', shape: [300] },
    { name: 'huge', dtype: 'float32', shape: [1_100_000] },
  ];
  const sizes = [40, 60_000, 1200, 4_400_000];

  async function packWeights(bytes: Uint8Array) {
    const { modelDirectory, out } = await prepare();
    await editJson(join(modelDirectory, 'tfjs/model.json'), ({ weightsManifest: [group] }) => {
      group.weights = weights;
    });
    await writeFile(join(modelDirectory, 'tfjs/weights.bin'), bytes);
    await pack({ modelDirectory, out });
    const { files, tensors } = parseLayout(
      JSON.parse(await readFile(join(out, 'layout.json'), 'utf8')),
    );
    return { chunks: files['tfjs/weights.bin'] ?? [], tensors: tensors?.['tfjs/weights.bin'] };
  }

  test('are cut where large ones begin and end, and named in the layout', async () => {
    const bytes = noise(
      sizes.reduce((a, b) => a + b),
      5,
    );
    const { chunks, tensors } = await packWeights(bytes);
    expect(chunks.map(([, size]) => size)).toEqual([61_240, MAX_CHUNK_BYTES, 205_696]);
    expect(tensors).toEqual([['small', 'large', 'bias'], ['huge'], []]);
    let offset = 0;
    for (const [sha256, size] of chunks) {
      expect(sha256Hex(bytes.subarray(offset, offset + size))).toBe(sha256);
      offset += size;
    }
    expect(offset).toBe(bytes.length);
  });

  test('keep their chunks when another tensor changes', async () => {
    const bytes = noise(
      sizes.reduce((a, b) => a + b),
      5,
    );
    const before = await packWeights(bytes);
    bytes[60_100] = 1 ^ (bytes[60_100] ?? 0);
    const after = await packWeights(bytes);
    const kept = before.chunks.map(([sha256], i) => after.chunks[i]?.[0] === sha256);
    expect(kept).toEqual([false, true, true]);
  });
});

test('compressed bytes name neither time nor system, and decode to the slice', async () => {
  const slice = new Uint8Array(5000).fill(3);
  const gzipped = await compressSlice(slice);
  expect([...(gzipped?.subarray(0, 10) ?? [])]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 2, 255]);
  expect(gunzipSync(gzipped ?? '').equals(slice)).toBe(true);
});

test('an empty file is one empty slice', () => {
  expect(sliceSizes(0)).toEqual([0]);
  expect(sliceSizes(MAX_CHUNK_BYTES)).toEqual([MAX_CHUNK_BYTES]);
  expect(sliceSizes(MAX_CHUNK_BYTES + 1)).toEqual([MAX_CHUNK_BYTES, 1]);
});

describe('the output directory', () => {
  test('of an earlier pack is replaced, without what the model no longer has', async () => {
    const { modelDirectory, out } = await prepare();
    await pack({ modelDirectory, out });
    await editJson(join(modelDirectory, 'model.json'), (spec) => {
      spec.variants.pop();
    });
    await editJson(join(modelDirectory, 'golden.json'), (golden) => {
      delete golden.tolerance.tfjs;
      delete golden.cases[0].expected.tfjs;
    });
    await pack({ modelDirectory, out });
    expect(await readdir(out)).not.toContain('tfjs');
    expect(await listFiles(out)).toContain('golden/one.onnx.y.bin');
    expect(await listFiles(out)).not.toContain('golden/one.tfjs.y.bin');
  });

  test.each([
    ['a file of the user', async (out: string) => writeFile(join(out, 'thesis.txt'), 'mine')],
    ['a hidden file', async (out: string) => writeFile(join(out, '.env'), 'mine')],
    ['a link', async (out: string) => symlink('/etc', join(out, 'link'))],
  ])('is refused with %s in it, packed before or not, and keeps it', async (_, add) => {
    const { modelDirectory, out } = await prepare();
    await mkdir(out);
    await add(out);
    const before = await listFiles(out);
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code: 'output-exists' });
    expect(await listFiles(out)).toEqual(before);

    await rm(out, { recursive: true });
    await pack({ modelDirectory, out });
    await add(out);
    const packed = await listFiles(out);
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code: 'output-exists' });
    expect(await listFiles(out)).toEqual(packed);
  });

  test('is never the model directory itself', async () => {
    const { modelDirectory, out } = await prepare();
    await pack({ modelDirectory, out });
    await expect(pack({ modelDirectory: out, out })).rejects.toMatchObject({
      code: 'output-exists',
    });
    expect((await listFiles(out))?.length).toBeGreaterThan(5);
  });

  test('left behind half written by an interrupted pack is packed again', async () => {
    const { modelDirectory, out } = await prepare();
    await pack({ modelDirectory, out });
    const whole = await contents(out);
    await rm(join(out, 'golden'), { recursive: true });
    await pack({ modelDirectory, out });
    expect(await contents(out)).toEqual(whole);
  });
});

describe('a model with state', () => {
  async function leakySum() {
    const directory = await temporaryDirectory();
    const modelDirectory = join(directory, 'model');
    await cp(LEAKY_SUM, modelDirectory, { recursive: true });
    return { modelDirectory, out: join(directory, 'packed') };
  }

  test('is packed with golden cases that give the state, or begin from zeros', async () => {
    const { modelDirectory, out } = await leakySum();
    const { files } = await pack({ modelDirectory, out });
    expect(files.map(({ name }) => name)).toContain('later.state.bin');
    expect(files.map(({ name }) => name)).not.toContain('first.state.bin');
  });

  test('is refused where nobody could tell that its state comes out right', async () => {
    const { modelDirectory, out } = await leakySum();
    await editJson(join(modelDirectory, 'golden.json'), ({ cases: [first] }) => {
      delete first.expected.fp32.next;
    });
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code: 'model-invalid' });
  });

  test('is refused where its state is none of its tensors', async () => {
    const { modelDirectory, out } = await leakySum();
    await editJson(join(modelDirectory, 'model.json'), ({ state: [pair] }) => {
      pair.output = 'stateN';
    });
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({
      code: 'metadata-malformed',
      message: 'model.json, state: expected names of outputs, next, y, got stateN.',
    });
  });
});

/** Golden outputs of the variant `onnx`, by case, and the tolerance they are to be compared with. */
async function packGolden(
  cases: Readonly<Record<string, readonly number[]>>,
  {
    datatype = 'FP32',
    tolerance,
  }: { datatype?: keyof typeof ARRAYS; tolerance: { abs: number; rel: number } },
) {
  const { modelDirectory, out } = await prepare();
  await editJson(join(modelDirectory, 'model.json'), (spec) => {
    spec.variants.pop();
    spec.outputs = [{ name: 'y', datatype, shape: [-1] }];
  });
  for (const [name, values] of Object.entries(cases)) {
    await writeFile(join(modelDirectory, `golden/${name}.y.bin`), ARRAYS[datatype](values));
  }
  await editJson(join(modelDirectory, 'golden.json'), (golden) => {
    const [{ inputs }] = golden.cases;
    golden.tolerance = { onnx: tolerance };
    golden.cases = Object.entries(cases).map(([name, { length }]) => {
      const y = { datatype, shape: [length], file: `golden/${name}.y.bin` };
      return { name, inputs, expected: { onnx: { y } } };
    });
  });
  return pack({ modelDirectory, out });
}

/** Raw bytes; FP16 is given by its bits. */
const ARRAYS = {
  FP16: (bits: readonly number[]) => new Uint8Array(Uint16Array.from(bits).buffer),
  FP32: (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer),
  FP64: (values: readonly number[]) => new Uint8Array(Float64Array.from(values).buffer),
  INT64: (values: readonly number[]) =>
    new Uint8Array(BigInt64Array.from(values.map((value) => BigInt(value))).buffer),
} as const;

describe('golden outputs that are no finite numbers are refused', () => {
  test.each([
    ['FP16', [0x3c00, 0x7c00], 'Infinity'],
    ['FP16', [0x3c00, 0xfc00], '-Infinity'],
    ['FP16', [0x7e01, 0x3c00], 'NaN'],
    ['FP32', [1, Number.NaN], 'NaN'],
    ['FP32', [-Infinity, 1], '-Infinity'],
    ['FP64', [1, Infinity], 'Infinity'],
  ] as const)('%s %j: %s', async (datatype, values, got) => {
    const packing = packGolden({ one: values }, { datatype, tolerance: { abs: 1e-3, rel: 1e-3 } });
    await expect(packing).rejects.toMatchObject({
      code: 'model-invalid',
      message: `golden.json, case 'one', expected of 'onnx', 'y': expected finite numbers in golden/one.y.bin, got ${got}.`,
    });
  });

  test('all other bits of half floats are taken', async () => {
    const bits = Array.from({ length: 65_536 }, (_, pattern) => pattern);
    const finite = bits.filter((pattern) => (pattern & 0x7c00) !== 0x7c00);
    await packGolden({ one: finite }, { datatype: 'FP16', tolerance: { abs: 1e-2, rel: 1e-2 } });
  });
});

describe('a tolerance that lets everything through is refused', () => {
  const one = 0x3c00; // as a half float
  test.each([
    ['zero, by rel', [3, -2], { abs: 0, rel: 1 }, 'FP32', 'zero'],
    ['zero, by rel, where zero is expected', [0, 0], { abs: 0, rel: 1.5 }, 'FP32', 'zero'],
    ['zero, by abs', [0.3, 0.2], { abs: 0.3, rel: 1e-3 }, 'FP64', 'zero'],
    ['zero, by both', [0.5, -1], { abs: 0.3, rel: 0.7 }, 'FP32', 'zero'],
    ['zero, of a single number', [0.25], { abs: 0.25, rel: 0 }, 'FP32', 'zero'],
    ['one number, by the whole spread', [5, 6], { abs: 1, rel: 0 }, 'FP32', 'one number'],
    ['one number, by half the spread', [0, 1], { abs: 0.5, rel: 0 }, 'FP32', 'one number'],
    ['zero, of half floats', [one, one | 0x8000], { abs: 1, rel: 0 }, 'FP16', 'zero'],
    ['one number, of whole numbers', [3, 4, 5], { abs: 1, rel: 0 }, 'INT64', 'one number'],
  ] as const)('%s: %j', async (_, values, tolerance, datatype, answer) => {
    await expect(packGolden({ one: values }, { datatype, tolerance })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(
        new RegExp(`tolerance of 'onnx'.*output 'y'.*by which ${answer} everywhere.*case 'one'`),
      ),
      details: { variant: 'onnx', output: 'y', cases: ['one'], ...tolerance },
    });
  });

  test('of an infinite abs, as JSON can have it', async () => {
    const { modelDirectory, out } = await prepare();
    const file = join(modelDirectory, 'golden.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"abs": 0.001', '"abs": 1e999'));
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code: 'model-invalid' });
  });

  test.each([
    ['zeros alone', { one: [0, 0] }, { abs: 1e-3, rel: 1e-3 }, 'FP32'],
    ['a single number', { one: [0.11] }, { abs: 1e-3, rel: 1e-3 }, 'FP32'],
    ['numbers that hardly differ', { one: [0.999, 1] }, { abs: 0.01, rel: 0 }, 'FP32'],
    ['cases that differ from each other', { one: [0], two: [1] }, { abs: 0.1, rel: 0 }, 'FP32'],
    ['whole numbers next to each other', { one: [3, 4] }, { abs: 0.5, rel: 0 }, 'INT64'],
  ] as const)('one is taken for %s', async (_, cases, tolerance, datatype) => {
    await packGolden(cases, { datatype, tolerance });
  });
});

describe('a model directory is refused', () => {
  const edits: readonly [string, string, (directory: string) => Promise<void>][] = [
    ['without its card', 'file-missing', (d) => rm(join(d, 'MODEL.md'))],
    ['without its baseline', 'file-missing', (d) => rm(join(d, 'baseline.json'))],
    ['without weights that it names', 'file-missing', (d) => rm(join(d, 'onnx/model.onnx'))],
    ['without a golden tensor', 'file-missing', (d) => rm(join(d, 'golden/one.x.bin'))],
    ['whose spec is no JSON', 'metadata-malformed', (d) => writeFile(join(d, 'model.json'), '{')],
    [
      'whose spec has a field that nobody knows',
      'metadata-malformed',
      (d) => editJson(join(d, 'model.json'), (spec) => (spec.extra = 1)),
    ],
    [
      'whose golden tensor has a byte too many',
      'model-invalid',
      (d) => writeFile(join(d, 'golden/one.x.bin'), new Uint8Array(17)),
    ],
    [
      'whose golden output is not finite',
      'model-invalid',
      (d) => writeFile(join(d, 'golden/one.onnx.y.bin'), new Uint8Array(8).fill(255)),
    ],
    [
      'whose variant has no tolerance',
      'model-invalid',
      (d) => editJson(join(d, 'golden.json'), (golden) => delete golden.tolerance.tfjs),
    ],
    [
      'whose variant has no expected outputs',
      'model-invalid',
      (d) => editJson(join(d, 'golden.json'), (golden) => delete golden.cases[0].expected.tfjs),
    ],
    [
      'whose golden case leaves an output out',
      'model-invalid',
      (d) => editJson(join(d, 'golden.json'), (golden) => delete golden.cases[0].expected.onnx.y),
    ],
    [
      'whose golden input has another name than the spec gives it',
      'model-invalid',
      (d) =>
        editJson(join(d, 'golden.json'), ({ cases: [first] }) => {
          first.inputs = { z: first.inputs.x };
        }),
    ],
    [
      'whose golden input has another shape than the spec gives it',
      'model-invalid',
      (d) =>
        editJson(join(d, 'golden.json'), ({ cases: [first] }) => {
          first.inputs.x.shape = [4, 1];
        }),
    ],
    [
      'whose golden input has another datatype than the spec gives it',
      'model-invalid',
      (d) =>
        editJson(join(d, 'golden.json'), ({ cases: [first] }) => {
          first.inputs.x.datatype = 'INT32';
        }),
    ],
    [
      'with two variants of one name',
      'model-invalid',
      (d) => editJson(join(d, 'model.json'), ({ variants }) => (variants[1].name = 'onnx')),
    ],
    [
      'whose TensorFlow.js weights are listed in another order than its manifest has',
      'model-invalid',
      (d) =>
        editJson(join(d, 'tfjs/model.json'), ({ weightsManifest: [group] }) => {
          group.paths = ['other.bin'];
        }),
    ],
    [
      'whose ONNX weights lie in a file that its variant leaves out',
      'model-invalid',
      (d) => copyFile(fixture('external/model.onnx'), join(d, 'onnx/model.onnx')),
    ],
    [
      'that pins an axis which its ONNX file does not leave free',
      'model-invalid',
      async (d) => {
        await copyFile(fixture('affine.onnx'), join(d, 'onnx/model.onnx'));
        await editJson(join(d, 'model.json'), ({ variants }) => {
          variants[0].dimensions = { batch: 1 };
        });
      },
    ],
    [
      'that names layout.json as a file of its own',
      'model-invalid',
      (d) =>
        editJson(join(d, 'model.json'), ({ variants: [first] }) => {
          first.files.push('layout.json');
        }),
    ],
  ];

  test.each(edits)('%s (%s), and nothing is written', async (_, code, edit) => {
    const { modelDirectory, out } = await prepare();
    await edit(modelDirectory);
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code });
    expect(await listFiles(out)).toBeUndefined();
  });
});
