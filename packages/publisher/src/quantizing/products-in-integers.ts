import { FLOAT, INT8 } from '../packing/onnx-datatypes.js';
import { computingNode, constant, freeName } from '../packing/write-nodes.js';
import { toInt8 } from './narrow-values.js';
import type { OnnxNode, Use } from './read-nodes.js';
import { MICROSOFT, SINCE, type Stored, type Storing, type Weight } from './store-as.js';

/** The constant matrix of products that are computed in integers, by the names of its parts. */
export interface Factor {
  /** Shape [terms, columns]. */
  readonly integers: string;
  /** One for each column. */
  readonly scale: string;
}

/** @returns whether a matrix is nothing but the second factor of products, which neither scale nor turn the first one */
export function isSecondFactor(shape: readonly number[], uses: readonly Use[]): boolean {
  if (shape.length !== 2 || uses.length === 0) return false;
  const turned = new Set(uses.map((use) => numberOf(use, 'transB', 0)));
  return turned.size === 1 && uses.every((use) => use.index === 1 && isProduct(use));
}

export function isProduct(node: OnnxNode): boolean {
  if (node.operator === 'MatMul') return true;
  const isPlain = numberOf(node, 'alpha', 1) === 1 && numberOf(node, 'beta', 1) === 1;
  return node.operator === 'Gemm' && isPlain && numberOf(node, 'transA', 0) === 0;
}

function numberOf({ numbers }: OnnxNode, attribute: string, usual: number): number {
  return numbers.get(attribute)?.[0] ?? usual;
}

/** Stores a matrix for {@link productInIntegers}. */
export function asFactor(
  { name, shape, values: floats, axis }: Weight,
  file: Storing,
): Stored & { factor: Factor } {
  const { values, scales, roundingError } = toInt8(floats, { shape, axis });
  const [rows = 0, columns = 0] = shape;
  const isTurned = axis === 0;
  const [integers, scale] = [
    freeName(`${name}.int8`, file.names),
    freeName(`${name}.scale`, file.names),
  ];
  const nodes = [
    constant(
      integers,
      {
        dataType: INT8,
        shape: isTurned ? [columns, rows] : shape,
        values: isTurned ? turn(values, { rows, columns }) : values,
      },
      file,
    ),
    constant(scale, { dataType: FLOAT, shape: [scales.length], values: scales }, file),
  ];
  return { nodes: nodes.flat(), roundingError, factor: { integers, scale } };
}

function turn(values: Int8Array, { rows, columns }: { rows: number; columns: number }): Int8Array {
  const turned = new Int8Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return turned;
}

/** Writes a product anew: its first factor is rounded to bytes, with a scale and a zero of each run. */
export function productInIntegers(
  { inputs: [values = '', , added = ''], outputs: [output = ''] }: OnnxNode,
  factor: Factor,
  file: Storing,
): Uint8Array[] {
  const product = added === '' ? output : freeName(`${output}.product`, file.names);
  const nodes =
    file.opset < SINCE.dynamic
      ? [
          computingNode({
            operator: 'DynamicQuantizeMatMul',
            domain: MICROSOFT,
            inputs: [values, factor.integers, factor.scale],
            outputs: [product],
          }),
        ]
      : inOnnxsOwn({ values, product, ...factor }, file);
  if (added === '') return nodes.flat();
  const sum = computingNode({ operator: 'Add', inputs: [product, added], outputs: [output] });
  return [...nodes.flat(), ...sum];
}

/** The nodes that ONNX Runtime makes a DynamicQuantizeMatMul of. */
function inOnnxsOwn(
  { values, product, ...factor }: Factor & { values: string; product: string },
  file: Storing,
): Uint8Array[][] {
  const name = (part: string) => freeName(`${product}.${part}`, file.names);
  const [bytes, scale, zero] = [name('bytes'), name('scale'), name('zero')];
  const [sums, floats, scales] = [name('sums'), name('floats'), name('scales')];
  return [
    computingNode({
      operator: 'DynamicQuantizeLinear',
      inputs: [values],
      outputs: [bytes, scale, zero],
    }),
    computingNode({
      operator: 'MatMulInteger',
      inputs: [bytes, factor.integers, zero],
      outputs: [sums],
    }),
    computingNode({ operator: 'Cast', inputs: [sums], outputs: [floats], integers: { to: FLOAT } }),
    computingNode({ operator: 'Mul', inputs: [scale, factor.scale], outputs: [scales] }),
    computingNode({ operator: 'Mul', inputs: [floats, scales], outputs: [product] }),
  ];
}
