import { elementCount } from '@nearside/core';

interface Permuting {
  readonly shape: readonly number[];
  /** By axis of the result, the axis that it was. */
  readonly order: readonly number[];
  readonly sizeBytes: number;
}

/** @returns the elements of a tensor with its axes in another order; the same bytes where the order is as before */
export function permute(bytes: Uint8Array, { shape, order, sizeBytes }: Permuting): Uint8Array {
  const moved = order.filter((axis) => shape[axis] !== 1);
  if (moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number))) return bytes;
  const steps = shape.map((_, axis) => elementCount(shape.slice(axis + 1)) * sizeBytes);
  const result = new Uint8Array(bytes.length);
  let written = 0;
  const copy = (depth: number, from: number) => {
    if (depth === order.length) {
      for (let i = 0; i < sizeBytes; i++) result[written + i] = bytes[from + i] as number;
      written += sizeBytes;
      return;
    }
    const axis = order[depth] as number;
    const [length, step] = [shape[axis] as number, steps[axis] as number];
    for (let i = 0; i < length; i++) copy(depth + 1, from + i * step);
  };
  copy(0, 0);
  return result;
}
