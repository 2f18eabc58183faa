import { modelInvalid } from '../errors/model-invalid.js';
import { FLOAT, FLOAT16 } from '../packing/onnx-datatypes.js';
import { computingNode, constant, freeName } from '../packing/write-nodes.js';
import type { Quantized, TfliteTensor } from './tflite-file.js';

/** ONNX's operators in the version of 2021, the last whose ReduceMean has its axes as an attribute. */
export const OPSET = 17;

export interface ConstantToWrite {
  readonly tensor: TfliteTensor;
  /** The values, in the order of axes wanted. */
  readonly values: Uint8Array;
  readonly shape: readonly number[];
  /** By axis of the result, the axis that it was. */
  readonly order: readonly number[];
  /** Name of the result. */
  readonly name: string;
  /** Name of the values as they are stored, where the result is computed of them. */
  readonly storedName: string;
  readonly names: Set<string>;
}

/**
 * Writes a constant with as many bits as it has in the file. Floats of half floats, and of integers with scales, are
 * computed once, as a session is made: as `nearside quantize` writes them.
 */
export function constantNodes(of: ConstantToWrite): Uint8Array[] {
  const { tensor, values, shape, name, storedName } = of;
  const { dataType } = tensor.type;
  const stored = { dataType, shape, values };
  if (dataType === FLOAT16) {
    return [
      ...constant(storedName, stored, { opset: OPSET }),
      ...computingNode({ ...TO_FLOAT, inputs: [storedName], outputs: [name] }),
    ];
  }
  if (!tensor.quantized || dataType === FLOAT) return constant(name, stored, { opset: OPSET });
  return [
    ...constant(storedName, stored, { opset: OPSET }),
    ...scaledNodes({ ...of, quantized: tensor.quantized }),
  ];
}

const TO_FLOAT = { operator: 'Cast', integers: { to: FLOAT } } as const;

function scaledNodes(of: ConstantToWrite & { readonly quantized: Quantized }): Uint8Array[] {
  const { tensor, name, storedName, shape, order, names, quantized } = of;
  const { scales, zeros, axis } = quantized;
  const inFront = order.length - tensor.shape.length; // axes of 1
  const along = order.indexOf(axis + inFront);
  if (scales.length > 1 && scales.length !== shape[along]) {
    throw modelInvalid(
      `expected a scale for each of the ${shape[along]} along axis ${axis} of '${tensor.name}', got ${scales.length}.`,
      { tensor: tensor.name, expected: shape[along] ?? 0, got: scales.length },
    );
  }
  const free = (ending: string) => freeName(`${name}.${ending}`, names);
  const [whole, scale] = [free('whole'), free('scale')];
  const listed = (named: string, list: readonly number[]) => {
    const axes = shape.map((_, i) => (i === along ? list.length : 1));
    const values = Float32Array.from(list);
    return constant(named, { dataType: FLOAT, shape: axes, values }, { opset: OPSET });
  };
  const cast = computingNode({ ...TO_FLOAT, inputs: [storedName], outputs: [whole] });
  const centred = zeros.some((zero) => zero !== 0) ? free('centred') : whole;
  const centre = () => {
    const zero = free('zero');
    const sub = { operator: 'Sub', inputs: [whole, zero], outputs: [centred] };
    return [...listed(zero, zeros), ...computingNode(sub)];
  };
  return [
    ...cast,
    ...(centred === whole ? [] : centre()),
    ...listed(scale, scales),
    ...computingNode({ operator: 'Mul', inputs: [centred, scale], outputs: [name] }),
  ];
}
