import { elementCount, isArrayOf, type Tensor, type TensorSpec } from './tensor.js';

/** @returns true for tensors that fit the declaration; `check-tensors.ts` says in words what does not */
export function tensorsFit(tensors: unknown, specs: readonly TensorSpec[]): boolean {
  if (typeof tensors !== 'object' || tensors === null) return false;
  if (Object.keys(tensors).length !== specs.length) return false;
  return (
    specs.length > 0 &&
    specs.every((spec) => tensorFits((tensors as Record<string, unknown>)[spec.name], spec))
  );
}

function tensorFits(value: unknown, { datatype, shape: declared }: TensorSpec): boolean {
  const { datatype: got, shape, data } = (value ?? {}) as Partial<Tensor>;
  return (
    got === datatype &&
    Array.isArray(shape) &&
    shapeFits(shape, declared) &&
    isArrayOf(datatype, data) &&
    data?.length === elementCount(shape)
  );
}

/** @returns true for a shape of as many axes as declared, all positive, where −1 leaves an axis free */
export function shapeFits(shape: readonly unknown[], declared: readonly number[]): boolean {
  return (
    shape.length === declared.length &&
    shape.every(
      (axis, i) =>
        Number.isInteger(axis) &&
        (axis as number) > 0 &&
        (declared[i] === -1 || declared[i] === axis),
    )
  );
}
