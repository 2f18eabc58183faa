import { FLOAT, FLOAT16, INT8 } from '../packing/onnx-datatypes.js';
import { computingNode, constant, freeName, zeros } from '../packing/write-nodes.js';
import { toFloat16, toInt8 } from './narrow-values.js';

/** The domain of ONNX Runtime's own operators, which stand in for those that a file's version of ONNX has not. */
export const MICROSOFT = 'com.microsoft';

/** ONNX's versions whose DequantizeLinear has an axis, and which has DynamicQuantizeLinear. */
export const SINCE = Object.freeze({ axis: 13, dynamic: 11 });

/** The file that a weight is stored in. */
export interface Storing {
  /** Version of ONNX's own operators. */
  readonly opset: number;
  /** Names of all values. */
  readonly names: Set<string>;
}

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Each index of this axis gets a scale. */
  readonly axis: number;
}

export interface Stored {
  /** They take the weight's place. */
  readonly nodes: readonly Uint8Array[];
  readonly roundingError: number;
}

/** @returns undefined if a value is too large */
export function asFloat16(
  { name, shape, values: floats }: Weight,
  file: Storing,
): Stored | undefined {
  const narrowed = toFloat16(floats);
  if (!narrowed) return undefined;
  const { values, roundingError } = narrowed;
  const half = freeName(`${name}.fp16`, file.names);
  const nodes = [
    constant(half, { dataType: FLOAT16, shape, values }, file),
    computingNode({ operator: 'Cast', inputs: [half], outputs: [name], integers: { to: FLOAT } }),
  ];
  return { nodes: nodes.flat(), roundingError };
}

/** Computed to floats once, as a session is made. */
export function asInt8({ name, shape, values: floats, axis }: Weight, file: Storing): Stored {
  const { values, scales, roundingError } = toInt8(floats, { shape, axis });
  const [integers, scale] = [
    freeName(`${name}.int8`, file.names),
    freeName(`${name}.scale`, file.names),
  ];
  const whole = freeName(`${name}.whole`, file.names);
  const scaleShape = shape.map((length, i) => (i === axis ? length : 1));
  const nodes = [
    constant(integers, { dataType: INT8, shape, values }, file),
    constant(scale, { dataType: FLOAT, shape: scaleShape, values: scales }, file),
    computingNode({
      operator: 'Cast',
      inputs: [integers],
      outputs: [whole],
      integers: { to: FLOAT },
    }),
    computingNode({ operator: 'Mul', inputs: [whole, scale], outputs: [name] }),
  ];
  return { nodes: nodes.flat(), roundingError };
}

/**
 * The same integers and scales, computed to floats in each run. Without a zero, which DequantizeLinear takes for granted,
 * ONNX Runtime 1.21 does not open a file in which a Transpose reads them.
 */
export function asLeanInt8({ name, shape, values: floats, axis }: Weight, file: Storing): Stored {
  const { values, scales, roundingError } = toInt8(floats, { shape, axis });
  const [integers, scale] = [
    freeName(`${name}.int8`, file.names),
    freeName(`${name}.scale`, file.names),
  ];
  const zero = freeName(`${name}.zero`, file.names);
  const nodes = [
    constant(integers, { dataType: INT8, shape, values }, file),
    constant(scale, { dataType: FLOAT, shape: [scales.length], values: scales }, file),
    zeros(zero, { dataType: INT8, length: scales.length }, file),
    computingNode({
      operator: 'DequantizeLinear',
      domain: file.opset < SINCE.axis ? MICROSOFT : undefined,
      inputs: [integers, scale, zero],
      outputs: [name],
      integers: { axis },
    }),
  ];
  return { nodes: nodes.flat(), roundingError };
}
