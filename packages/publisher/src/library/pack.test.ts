import {
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MAX_CHUNK_BYTES, parseLayout, parseModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { type VariantFiles, weighVariant } from '../evaluating/judging/variant-files.js';
import { writeEvaluation } from '../evaluating/report/write-evaluation.js';
import { sha256Hex } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { sliceSizes } from '../files/slices.js';
import { compressSlice } from '../packing/compress-slice.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { fixture, LEAKY_SUM } from '../testing/fixtures.js';
import { editJson, prepare } from '../testing/model-to-pack.js';
import {
  externalInitializer,
  initializer,
  onnxBytes,
  placedInitializer,
} from '../testing/onnx-bytes.js';
import { noise } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { pack } from './pack.js';

async function contents(directory: string): Promise<Map<string, string>> {
  const names = (await listFiles(directory)) ?? [];
  const digests = await Promise.all(
    names.map(async (name) => sha256Hex(await readFile(join(directory, name)))),
  );
  return new Map(names.map((name, i) => [name, digests[i] ?? '']));
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

  test('has an evaluation of these files, and none of others, which is said', async () => {
    const { modelDirectory, out } = await prepare();
    const { variants } = parseModelSpec(await readJsonFile(modelDirectory, 'model.json'));
    const [{ sha256, sizeBytes }, other] = (await Promise.all(
      variants.map(({ name }) => weighVariant(modelDirectory, name)),
    )) as [VariantFiles, VariantFiles];
    const names = variants.map(({ name }) => name) as [string, string];
    const identity = { format: 1, model: 'tiny', version: '1.0.0', task: 'tensors' } as const;
    const items = { maxLoss: 0.02, items: 2, itemsSha256: '', notEvaluated: {} };
    const counts = { items: 2, lost: 0, gained: 0, loss: 0, low: 0, high: 1, differing: 0 };
    const verdict = { verdict: 'undecided', refusedFor: [], lostItems: [] } as const;
    const measures = { measures: { items: 2, right: 2 }, slices: {}, labels: {}, corruptions: {} };
    await writeEvaluation(modelDirectory, {
      ...identity,
      ...items,
      original: names[0],
      originalBytes: sizeBytes,
      originalSha256: sha256,
      originalMeasures: measures.measures,
      variants: { [names[1]]: { ...counts, ...verdict, ...measures, ...other } },
    });
    const card = async () => readFile(join(out, 'MODEL.md'), 'utf8');
    const undecided = [
      `evaluation.json says of these very files: '${names[1]}' is undecided, with a loss of 0.0 % (0.0 to 100.0).`,
    ];
    expect((await pack({ modelDirectory, out })).notes).toEqual(undecided);
    expect((await pack({ modelDirectory, out, isEvaluated: true })).notes).toEqual([]);
    const packed = await card();
    expect(packed).toContain('What quantising cost');
    const written = join(modelDirectory, 'MODEL.md');
    const edited = packed.replace('undecided |', 'passed |').replaceAll('\n', ' \r\n');
    expect(edited).toContain('passed |');
    await writeFile(written, edited.replace(' \r\n', '\n'));
    await pack({ modelDirectory, out });
    expect((await card()).match(/undecided \|/g)).toHaveLength(1);
    expect(await card()).not.toContain('passed |');
    await writeFile(written, packed);
    const spec = await readFile(join(modelDirectory, 'model.json'), 'utf8');
    await editJson(join(modelDirectory, 'model.json'), (json) => {
      json.task = 'other';
    });
    expect((await pack({ modelDirectory, out })).notes.join()).toContain('what model.json says');
    expect(await card()).not.toContain('What quantising cost');
    await writeFile(join(modelDirectory, 'model.json'), spec);
    await writeFile(join(modelDirectory, 'onnx/model.onnx'), noise(900, 2));
    expect((await pack({ modelDirectory, out })).notes).toEqual([
      "The evaluation in MODEL.md is left out: the files of variant 'onnx', or what model.json says of it, are others now. Evaluate again with `--evaluate`.",
    ]);
    expect(await card()).toBe('# tiny\n\nA model of nothing, for tests.\n');
    await rm(join(modelDirectory, 'evaluation.json'));
    const { notes } = await pack({ modelDirectory, out });
    expect(notes.join()).toContain('evaluation.json, which says what files it is of');
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
    expect(compressSlice(barely)).toBeUndefined();
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

describe('an ONNX file over 1 MiB', () => {
  const FLOAT = 1;
  const first = noise(600_000, 1);

  /** Its variant has two tensors of 600 kB. */
  async function prepareLarge(second = noise(600_000, 2)) {
    const prepared = await prepare();
    const model = onnxBytes(
      initializer('first', FLOAT, [150_000], first),
      initializer('second', FLOAT, [150_000], second),
    );
    await writeFile(join(prepared.modelDirectory, 'onnx/model.onnx'), model);
    return prepared;
  }

  async function packLarge(second?: Uint8Array) {
    const { modelDirectory, out } = await prepareLarge(second);
    await pack({ modelDirectory, out });
    return parseLayout(JSON.parse(await readFile(join(out, 'layout.json'), 'utf8')));
  }

  test('gets a file for its weights, which model.json names; the model directory stays', async () => {
    const { modelDirectory, out } = await prepareLarge();
    const before = await contents(modelDirectory);
    await pack({ modelDirectory, out });
    expect(await contents(modelDirectory)).toEqual(before);
    const { variants } = JSON.parse(await readFile(join(out, 'model.json'), 'utf8'));
    expect(variants[0].files).toEqual(['onnx/model.onnx', 'onnx/model.onnx.weights']);
    expect((await readFile(join(out, 'onnx/model.onnx'))).length).toBeLessThan(1000);
    const weights = await readFile(join(out, 'onnx/model.onnx.weights'));
    expect(weights.equals(Buffer.concat([first, noise(600_000, 2)]))).toBe(true);
    await pack({ modelDirectory: out, out: `${out}-again` });
    expect(await contents(`${out}-again`)).toEqual(await contents(out));
  });

  test('has a chunk for each large tensor, and keeps it when another changes', async () => {
    const before = await packLarge();
    expect(before.tensors?.['onnx/model.onnx.weights']).toEqual([['first'], ['second']]);
    const after = await packLarge(noise(600_000, 3));
    const [was, is] = [before, after].map(({ files }) => files['onnx/model.onnx.weights'] ?? []);
    expect(is?.map((chunk, i) => chunk[0] === was?.[i]?.[0])).toEqual([true, false]);
    expect(after.files['onnx/model.onnx']).toEqual(before.files['onnx/model.onnx']);
  });

  test('is refused where the name of that file is taken', async () => {
    const { modelDirectory, out } = await prepareLarge();
    await writeFile(join(modelDirectory, 'onnx/model.onnx.weights'), 'mine');
    await editJson(join(modelDirectory, 'model.json'), (spec) => {
      spec.resources = { mine: 'onnx/model.onnx.weights' };
    });
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({
      code: 'model-invalid',
      details: { file: 'onnx/model.onnx.weights' },
    });
  });
});

describe('weights that a model has in a file of their own', () => {
  test('are refused outside the model directory, by the name of their tensor', async () => {
    const { modelDirectory, out } = await prepare();
    const model = onnxBytes(externalInitializer('../../secret.bin'));
    await writeFile(join(modelDirectory, 'onnx/model.onnx'), model);
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({
      code: 'name-unsafe',
      message: expect.stringContaining("onnx/model.onnx, tensor 'w'"),
    });
  });

  /** An ONNX file that has tensors in these ranges of a file of 1,000 bytes, or of as many as are given. */
  async function packPlaced(ranges: Record<string, readonly [number, number]>, fileBytes = 1000) {
    const { modelDirectory, out } = await prepare();
    const placed = Object.entries(ranges).map(([name, range]) => placedInitializer(name, ...range));
    await writeFile(join(modelDirectory, 'onnx/model.onnx'), onnxBytes(...placed));
    await writeFile(join(modelDirectory, 'onnx/model.onnx.weights'), '');
    await truncate(join(modelDirectory, 'onnx/model.onnx.weights'), fileBytes);
    await editJson(join(modelDirectory, 'model.json'), ({ variants: [onnx] }) => {
      onnx.files.push('onnx/model.onnx.weights');
    });
    return pack({ modelDirectory, out });
  }

  test('may be the same for two tensors, as tied ones are', async () => {
    const { files } = await packPlaced({ a: [0, 400], b: [400, 600], tied: [400, 600] });
    expect(files.map(({ name }) => name)).toContain('onnx/model.onnx.weights');
  });

  test.each<[string, Record<string, readonly [number, number]>, number, string]>([
    ['end before a tensor does', { a: [400, 604] }, 1000, 'inside the 1000 bytes'],
    ['begin after it', { a: [-4, 400] }, 1000, 'inside the 1000 bytes'],
    ['have two tensors in some of their bytes', { b: [0, 404], a: [400, 400] }, 1000, "from 'b'"],
    ['have more than 2 GiB', { a: [2 ** 31, 4] }, 2 ** 31 + 4, 'in the first 2147483648 bytes'],
  ])('are refused where they %s', async (_, ranges, fileBytes, message) => {
    await expect(packPlaced(ranges, fileBytes)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining(message),
      details: { file: 'onnx/model.onnx.weights', tensor: 'a' },
    });
  });
});

test('compressed bytes name neither time nor system, and decode to the slice', async () => {
  const slice = new Uint8Array(5000).fill(3);
  const gzipped = compressSlice(slice);
  expect([...(gzipped?.subarray(0, 10) ?? [])]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 2, 255]);
  expect(gunzipSync(gzipped ?? '').equals(slice)).toBe(true);
});

test('the same slice gives the same gzip bytes with any zlib, so that a seal has one hash', () => {
  const text = Array.from({ length: 3000 }, (_, i) => `${(i * i) % 977},`).join('');
  const gzipped = compressSlice(new TextEncoder().encode(text));
  expect(sha256Hex(gzipped ?? new Uint8Array())).toBe(
    '4fb272b789c714f1c9f7b2fcefea1a4f369c059b9412f4b546e14c2b2d79cc8f',
  );
});

test('an empty file is one empty slice', () => {
  expect(sliceSizes(0)).toEqual([0]);
  expect(sliceSizes(MAX_CHUNK_BYTES)).toEqual([MAX_CHUNK_BYTES]);
  expect(sliceSizes(MAX_CHUNK_BYTES + 1)).toEqual([MAX_CHUNK_BYTES, 1]);
});

describe('the output directory', () => {
  test('a file that a pack was killed over, here or on another machine, is no reason to refuse', async () => {
    const { modelDirectory, out } = await prepare();
    await pack({ modelDirectory, out });
    const before = await contents(out);
    await writeFile(join(out, '.layout.json.4711-abc-01234567.0123456789ab'), 'half of it');
    await pack({ modelDirectory, out });
    expect(await contents(out)).toEqual(before);
  });

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
