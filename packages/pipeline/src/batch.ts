import { arrayFromBytes, type Tensor, type Tensors } from '@nearside/core';

/**
 * Joins the tensors of several items along axis 0, name by name: n times [1, …] → [n, …].
 *
 * @throws RangeError without items, or when names, datatypes or other axes differ: only items of
 * one form can share a batch
 */
export function joinBatch(items: readonly Tensors[]): Tensors {
  const [first] = items;
  if (first === undefined) throw new RangeError('joinBatch: expected at least one item.');
  const names = Object.keys(first);
  for (const item of items) {
    if (
      Object.keys(item).length !== names.length ||
      !names.every((name) => isLike(item, first, name))
    ) {
      throw new RangeError(
        'joinBatch: expected the same tensors in every item, alike but for the first axis.',
      );
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, concatenate(items.map((item) => item[name] as Tensor))]),
  );
}

/**
 * Cuts every tensor into `count` equal parts along axis 0: [n, …] → `count` times [n / count, …].
 * Each part has memory of its own, so it can be transferred.
 *
 * @throws RangeError unless `count` is a positive integer that divides axis 0 of every tensor
 */
export function splitBatch(tensors: Tensors, count: number): Tensors[] {
  if (!(Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(`splitBatch: expected a positive integer, got ${count}.`);
  }
  for (const [name, { shape }] of Object.entries(tensors)) {
    if (shape[0] === undefined || shape[0] % count !== 0) {
      throw new RangeError(
        `splitBatch: expected axis 0 of '${name}' to be a multiple of ${count}, got shape [${shape.join(', ')}].`,
      );
    }
  }
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, part(tensor, index, count)]),
    ),
  );
}

function isLike(item: Tensors, first: Tensors, name: string): boolean {
  const [a, b] = [item[name], first[name]];
  return (
    a !== undefined &&
    b !== undefined &&
    a.datatype === b.datatype &&
    a.shape.length > 0 &&
    a.shape.length === b.shape.length &&
    a.shape.every((axis, i) => i === 0 || axis === b.shape[i])
  );
}

/** [n₁, …], [n₂, …], … → [n₁ + n₂ + …, …] */
function concatenate(tensors: readonly Tensor[]): Tensor {
  const [{ datatype, shape }] = tensors as readonly [Tensor];
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] as number), 0);
  const joinedShape = [rows, ...shape.slice(1)];
  if (datatype === 'BYTES') {
    return { datatype, shape: joinedShape, data: tensors.flatMap(({ data }) => data as string[]) };
  }
  const arrays = tensors.map(({ data }) => data as Exclude<Tensor['data'], string[]>);
  const sizeBytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  return { datatype, shape: joinedShape, data: arrayFromBytes(datatype, bytes.buffer) } as Tensor;
}

function part({ datatype, shape, data }: Tensor, index: number, count: number): Tensor {
  const length = data.length / count;
  return {
    datatype,
    shape: [(shape[0] as number) / count, ...shape.slice(1)],
    data: data.slice(index * length, (index + 1) * length),
  } as Tensor;
}
