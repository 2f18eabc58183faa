import type { Tensors, UnsignedSpec } from 'nearside';
import type { Problem } from '../problem.ts';

export interface ModelVariant {
  readonly name: string;
  readonly runtime: 'onnx' | 'tfjs';
  /** Names in `files`, the model itself first. */
  readonly files: readonly string[];
}

/** Inputs whose outputs are known. */
export interface KnownCase {
  readonly name: string;
  readonly inputs: Tensors;
  /** By variant. */
  readonly expected: Readonly<Record<string, Tensors>>;
}

/** |a − b| ≤ abs + rel·|b| */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}

/** What everybody on this page is given, in the same bytes. */
export interface BenchModel {
  readonly id: string;
  readonly title: string;
  /** Of its ONNX file. */
  readonly sizeBytes: number;
  readonly files: Readonly<Record<string, Blob>>;
  readonly spec: UnsignedSpec;
  readonly variants: readonly ModelVariant[];
  readonly cases: readonly KnownCase[];
  /** By variant; empty where there are no cases. */
  readonly tolerance: Readonly<Record<string, Tolerance>>;
  /** How many inputs are put into one tensor at most; 1 where the first axis is not free. */
  readonly largestBatch: number;
  /** Inputs of so many items. */
  sample(batch: number): Tensors;
  /** Why it cannot be run at all: every row says so. */
  readonly refusal?: Problem | undefined;
}

/** A copy that may be given away. */
export function copyOf(tensors: Tensors): Tensors {
  const entries = Object.entries(tensors).map(([name, tensor]) => [
    name,
    { ...tensor, data: tensor.data.slice() },
  ]);
  return Object.fromEntries(entries);
}
