import type { Tensors } from 'nearside';
import { RAW_TYPES } from '../../../start/raw.js';

/** Datatype as ONNX Runtime calls it, values, shape. */
type OrtTensor = [type: string, data: unknown, shape: number[]];

/** Inputs as ONNX Runtime's `Tensor` is made of them, by their names. */
export function asOrtTensors(tensors: Tensors): Record<string, OrtTensor> {
  const given = Object.entries(tensors).map(([input, { datatype, data, shape }]) => {
    const type = RAW_TYPES[datatype as keyof typeof RAW_TYPES];
    return [input, [type, data, [...shape]]] as const;
  });
  return Object.fromEntries(given) as Record<string, OrtTensor>;
}
