import { parseOnnxFile } from '../packing/onnx-file.js';
import { bytesField, intField, rewrite } from '../packing/protobuf-fields.js';
import { computingNode } from '../packing/write-nodes.js';
import { initializer, onnxBytes, value } from './onnx-bytes.js';

/** TensorProto.DataType. */
const [FLOAT, INT64] = [1, 7];

export function floats(count: number, at: (i: number) => number = Math.sin): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => at(i)).buffer);
}

export function typesIn(bytes: Uint8Array): Record<string, number> {
  return Object.fromEntries(
    parseOnnxFile(bytes).tensors.map(({ name, dataType }) => [name, dataType]),
  );
}

export function matMul(a: string, b: string, output: string): Uint8Array {
  const inputs = [a, b];
  return Buffer.concat(computingNode({ operator: 'MatMul', inputs, outputs: [output] }));
}

/** x · a, and that · bᵀ + bias. A third one, of a matrix that is read otherwise too, stays. */
export function products(): Uint8Array {
  return onnxBytes(
    ...computingNode({ operator: 'MatMul', inputs: ['x', 'a'], outputs: ['m'] }),
    ...computingNode({
      operator: 'Gemm',
      inputs: ['m', 'b', 'bias'],
      outputs: ['g'],
      integers: { transB: 1 },
    }),
    ...computingNode({ operator: 'MatMul', inputs: ['x', 'c'], outputs: ['n'] }),
    ...computingNode({ operator: 'Relu', inputs: ['c'], outputs: ['r'] }),
    initializer('a', FLOAT, [4, 256], floats(1024)),
    initializer(
      'b',
      FLOAT,
      [8, 256],
      floats(2048, (i) => Math.cos(i)),
    ),
    initializer('c', FLOAT, [4, 256], floats(1024)),
    initializer('bias', FLOAT, [8], floats(8)),
    bytesField(12, value('g', [1, 8])),
  );
}

export function ofOpset(opset: number, whole: Uint8Array): Uint8Array {
  const version = bytesField(8, Buffer.concat([bytesField(1, ''), intField(2, opset)]));
  return rewrite(whole, { contentStart: 0, end: whole.length }, ({ number }) =>
    number === 8 ? [version] : undefined,
  );
}

/** A table of 2,048 rows that a Transpose reads. */
export function turnedTable(): Uint8Array {
  const order = [bytesField(1, 'perm'), intField(8, 1), intField(8, 0), intField(20, 7)];
  const transpose = [bytesField(1, 'table'), bytesField(2, 'turned'), bytesField(4, 'Transpose')];
  return onnxBytes(
    ...computingNode({ operator: 'Gather', inputs: ['table', 'rows'], outputs: ['g'] }),
    bytesField(1, Buffer.concat([...transpose, bytesField(5, Buffer.concat(order))])),
    matMul('g', 'turned', 'z'),
    bytesField(12, value('z', [1, 2048])),
    initializer('rows', INT64, [1], new Uint8Array(8)),
    initializer('table', FLOAT, [2048, 32], floats(2048 * 32)),
  );
}
