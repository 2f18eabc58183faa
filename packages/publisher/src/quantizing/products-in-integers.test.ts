import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesField, intField, readFields } from '../packing/protobuf-fields.js';
import { computingNode } from '../packing/write-nodes.js';
import { initializer, onnxBytes, value } from '../testing/onnx-bytes.js';
import { floats, matMul, ofOpset, products, typesIn } from '../testing/onnx-products.js';
import { findPython } from '../testing/python.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { quantizeOnnx } from './quantize-onnx.js';
import { findUses } from './read-nodes.js';

const PYTHON = findPython('numpy', 'onnx', 'onnxruntime');
const NOTE = PYTHON ? '' : ' (skipped: no python3 with numpy, onnx and onnxruntime)';

/** TensorProto.DataType. */
const [FLOAT, INT8] = [1, 3];

describe('products in integers', () => {
  test('take the place of those with constant matrices alone', () => {
    const { model, tensors } = quantizeOnnx(products(), { format: 'int8-dynamic' });
    expect(tensors.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(typesIn(model)).toEqual({
      'a.int8': INT8,
      'a.scale': FLOAT,
      'b.int8': INT8,
      'b.scale': FLOAT,
      c: FLOAT,
      bias: FLOAT,
    });
  });

  test('stay where the matrix is to be kept', () => {
    const options = { format: 'int8-dynamic', keep: new Set(['a', 'b']) } as const;
    const { tensors, kept } = quantizeOnnx(products(), options);
    expect([tensors, kept]).toEqual([[], ['a', 'b']]);
  });

  test('of branches that have weights of one name are each of their own', () => {
    const small = { name: 'w', shape: [4, 8], output: 'small' };
    const large = { name: 'w', shape: [4, 256], output: 'large' };
    const model = onnxBytes(branches(small, large));
    const { model: made, tensors } = quantizeOnnx(model, { format: 'int8-dynamic' });
    expect(tensors.map(({ shape }) => shape)).toEqual([[4, 256]]);
    expect(readersIn(made, 'w')).toEqual(['MatMul']);
    expect(readersIn(made, 'w.int8')).toEqual(['MatMulInteger']);
    const twice = onnxBytes(branches(large, { ...large, output: 'other' }));
    const both = quantizeOnnx(twice, { format: 'int8-dynamic' }).model;
    expect(readersIn(both, 'w')).toEqual([]);
    expect(readersIn(both, 'w.int8')).toEqual(['MatMulInteger']);
    expect(readersIn(both, 'w.int8_')).toEqual(['MatMulInteger']);
  });

  test('stay where a loop has an input of the name that a weight around it has', () => {
    const body = [matMul('x', 'w', 'z'), bytesField(11, value('w', [4, 256]))];
    const model = onnxBytes(
      matMul('x', 'w', 'y'),
      withGraphs('Scan', body),
      initializer('w', FLOAT, [4, 256], floats(1024)),
    );
    const { model: made } = quantizeOnnx(model, { format: 'int8-dynamic' });
    expect(readersIn(made, 'w')).toEqual(['MatMul']);
    expect(readersIn(made, 'w.int8')).toEqual(['MatMulInteger']);
  });

  test('of a weight around a branch are in the branch too', () => {
    const model = onnxBytes(
      withGraphs('If', [matMul('x', 'w', 'z'), bytesField(12, value('z', [1, 256]))]),
      initializer('w', FLOAT, [4, 256], floats(1024)),
    );
    const { model: made } = quantizeOnnx(model, { format: 'int8-dynamic' });
    expect(readersIn(made, 'w.int8')).toEqual(['MatMulInteger']);
  });

  test('stay where a factor is 0, which proto3 writes as an attribute without a value', () => {
    const beta = bytesField(5, Buffer.concat([bytesField(1, 'beta'), intField(20, 1)]));
    const inputs = ['x', 'w', 'bias'].map((name) => bytesField(1, name));
    const gemm = [...inputs, bytesField(2, 'z'), bytesField(4, 'Gemm')];
    const gemmWith = (...attributes: Uint8Array[]) =>
      onnxBytes(
        bytesField(1, Buffer.concat([...gemm, ...attributes])),
        initializer('w', FLOAT, [4, 256], floats(1024)),
      );
    const options = { format: 'int8-dynamic' } as const;
    expect(quantizeOnnx(gemmWith(), options).tensors).toHaveLength(1);
    expect(quantizeOnnx(gemmWith(beta), options).tensors).toEqual([]);
  });

  test('are none of another domain that has an operator of the same name', () => {
    const ofDomain = (domain: string) =>
      onnxBytes(
        ...computingNode({ operator: 'MatMul', domain, inputs: ['x', 'w'], outputs: ['z'] }),
        initializer('w', FLOAT, [4, 256], floats(1024)),
      );
    expect(quantizeOnnx(ofDomain('my'), { format: 'int8-dynamic' }).tensors).toEqual([]);
    expect(quantizeOnnx(ofDomain('ai.onnx'), { format: 'int8-dynamic' }).tensors).toHaveLength(1);
  });

  test.skipIf(!PYTHON)(`are what numpy computes, in old files too${NOTE}`, async () => {
    const directory = await temporaryDirectory();
    const made = quantizeOnnx(products(), { format: 'int8-dynamic' }).model;
    const old = ofOpset(9, products());
    await writeFile(join(directory, 'new.onnx'), made);
    await writeFile(
      join(directory, 'old.onnx'),
      quantizeOnnx(old, { format: 'int8-dynamic' }).model,
    );
    const { stdout, stderr } = spawnSync(PYTHON ?? '', ['-c', IN_INTEGERS, directory], {
      encoding: 'utf8',
    });
    expect(stdout.trim().split('\n'), stderr).toEqual(['new close', 'old close']);
  });
});

/** An If whose branches multiply each by a weight of its own. */
function branches(...of: readonly { name: string; shape: number[]; output: string }[]): Uint8Array {
  const graphs = of.map(({ name, shape, output }) => [
    matMul('x', name, output),
    initializer(name, FLOAT, shape, floats(shape.reduce((count, axis) => count * axis))),
    bytesField(12, value(output, [1, shape[1] as number])),
  ]);
  return withGraphs('If', ...graphs);
}

function withGraphs(operator: string, ...graphs: readonly Uint8Array[][]): Uint8Array {
  const attributes = graphs.map((parts, i) => {
    const graph = bytesField(6, Buffer.concat(parts));
    return bytesField(5, Buffer.concat([bytesField(1, `graph ${i}`), graph, intField(20, 5)]));
  });
  const node = [bytesField(2, 'found'), bytesField(4, operator), ...attributes];
  return bytesField(1, Buffer.concat(node));
}

/** The operators that read values of a name. */
function readersIn(bytes: Uint8Array, name: string): string[] {
  const graph = [...readFields(bytes, { start: 0, end: bytes.length })].find(
    ({ number }) => number === 7,
  );
  const { scopes } = findUses(bytes, graph ?? raise());
  const values = [...scopes.values()].flatMap(({ uses }) => uses.get(name) ?? []);
  return values.map(({ operator }) => operator);
}

function raise(): never {
  throw new TypeError('expected a graph');
}

/** The products in numpy, as https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html defines the rounding. */
const IN_INTEGERS = `
import sys, pathlib
import numpy as np, onnxruntime as ort

def rounded(x):
    low, high = min(0, x.min()), max(0, x.max())
    scale = np.float32((high - low) / 255)
    zero = np.clip(np.rint(-low / scale), 0, 255)
    return np.clip(np.rint(x / scale) + zero, 0, 255) - zero, scale

def product(x, b):
    scales = (np.abs(b).max(axis=0) / np.float64(127)).astype(np.float32)
    whole = np.floor(b / scales.astype(np.float64) + 0.5).clip(-127, 127)
    values, scale = rounded(x)
    return (values @ whole).astype(np.float32) * (scale * scales)

folder = pathlib.Path(sys.argv[1])
x = np.array([[0.3, -0.7, 0.11, 0.9]], np.float32)
a = np.sin(np.arange(1024)).astype(np.float32).reshape(4, 256)
b = np.cos(np.arange(2048)).astype(np.float32).reshape(8, 256)
bias = np.sin(np.arange(8)).astype(np.float32)
expected = product(product(x, a), b.T) + bias
for name in ["new", "old"]:
    session = ort.InferenceSession(folder / f"{name}.onnx")
    (got,) = session.run(["g"], {"x": x})
    print(name, "close" if np.allclose(got, expected, rtol=1e-5, atol=1e-5) else f"{got} {expected}")
`;
