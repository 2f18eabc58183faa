import { float16ToNumber, type Tensor } from './tensor.js';

/**
 * The values of a tensor as the numbers that they stand for: FP16 holds bits, integers of 64 bits become the nearest
 * doubles, and texts are no numbers.
 */
export function numbersOf({ datatype, data }: Tensor): Float32Array | Float64Array {
  if (datatype === 'FP16') return Float32Array.from(data, float16ToNumber);
  if (datatype === 'FP32') return data;
  return Float64Array.from(data as ArrayLike<unknown>, datatype === 'BYTES' ? () => NaN : Number);
}
