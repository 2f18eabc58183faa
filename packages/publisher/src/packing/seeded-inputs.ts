import {
  elementCount,
  type GoldenCase,
  type NumericDatatype,
  type SeededTensor,
  type StoredTensor,
} from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';

/** Most values of an input that a seed stands for: two pictures of 8 megapixels. Devices draw them all. */
const SEEDED_VALUES = 2 ** 24;

type Range = readonly [number, number];

/** Whole numbers that each datatype holds; INT64 as far as doubles are exact. */
const WHOLE: Partial<Readonly<Record<NumericDatatype, Range>>> = {
  BOOL: [0, 1],
  UINT8: [0, 255],
  INT8: [-128, 127],
  UINT16: [0, 2 ** 16 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  UINT32: [0, 2 ** 32 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/**
 * @throws NearsideError `model-invalid` for an input that is larger than devices should have to draw, or a range of
 *   numbers that its datatype does not hold
 */
export function requireDrawable(where: string, tensor: SeededTensor): void {
  const count = elementCount(tensor.shape);
  if (count > SEEDED_VALUES) throw mismatch(where, `at most ${SEEDED_VALUES} values`, count);
  const { datatype, range } = tensor;
  if (!range) return;
  const [low, high] = range;
  if (datatype === 'FP16')
    throw mismatch(where, 'no range, because it is FP16', formatRange(range));
  const [least, most] = WHOLE[datatype] ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
  const isWhole = !WHOLE[datatype] || range.every(Number.isInteger);
  if (isWhole && least <= low && low <= high && high <= most) return;
  const numbers = WHOLE[datatype] ? `whole numbers from ${least} to ${most}` : 'numbers';
  throw mismatch(where, `${numbers} for ${datatype}, the lowest first`, formatRange(range));
}

/** `x FP32 [1, 512] of 0 to 1, ids INT64 [1, 32] of 0 to 30521`: what a model was fed with. */
export function describeInputs(inputs: GoldenCase['inputs']): string {
  return Object.entries<SeededTensor | StoredTensor>(inputs)
    .map(([name, tensor]) => {
      const values = 'seed' in tensor ? `of ${formatRange(rangeOf(tensor))}` : `in ${tensor.file}`;
      return `${name} ${tensor.datatype} [${tensor.shape.join(', ')}] ${values}`;
    })
    .join(', ');
}

/** As `seededTensor` of core draws them. */
function rangeOf({ datatype, range }: SeededTensor): Range {
  if (range) return range;
  if (datatype === 'FP16') return [0.5, 1];
  return (datatype === 'UINT8' || datatype === 'INT8' ? WHOLE[datatype] : undefined) ?? [0, 1];
}

function formatRange([low, high]: Range): string {
  return low === high ? `${low}` : `${low} to ${high}`;
}

function mismatch(where: string, expected: string, got: unknown) {
  return modelInvalid(`${where}: expected ${expected}, got ${got}.`, { where, expected, got });
}
