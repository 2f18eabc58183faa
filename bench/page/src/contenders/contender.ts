import type { Tensors } from 'nearside';
import type { BenchModel } from '../models/bench-model.ts';
import type { DeviceFacts } from '../results/result.ts';

/** Flat values of each output, by name. */
export type Values = Readonly<Record<string, ArrayLike<number | bigint>>>;

export interface Prepared {
  /** May take the inputs' buffers for good. */
  run(inputs: Tensors): Promise<Values>;
  /** Ends its worker, where it has one. A second call does nothing. */
  dispose(): Promise<void>;
  readonly variant: string;
  /** What computes: `onnx-wasm`, `webgl` … */
  readonly backend: string;
  readonly threads: number;
  /** `cpu`, or the GPU as the browser names it. */
  readonly hardware: string;
  /** Steps of the start, ms, where it tells them. */
  readonly stages: Readonly<Record<string, number>>;
  /** Of its wasm memory, bytes, where it tells. */
  heapBytes?(): number | undefined;
}

export interface PrepareOptions {
  /** Threads for a CPU backend that can be told. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** One way to run a model in a page: this library on one backend, or somebody else's. */
export interface Contender {
  readonly id: string;
  readonly title: string;
  readonly place: 'worker' | 'main thread';
  readonly isPeer: boolean;
  /** Why it has no part in a run of this model on this device; undefined where it has. */
  unfit(model: BenchModel, device: DeviceFacts): string | undefined;
  prepare(model: BenchModel, options: PrepareOptions): Promise<Prepared>;
}

/** The variant that everybody on a runtime is given, so that all compute the same. */
export function variantFor({ variants }: BenchModel, runtime: 'onnx' | 'tfjs') {
  return variants.find((variant) => variant.runtime === runtime);
}

export function needsOnnx(model: BenchModel): string | undefined {
  return variantFor(model, 'onnx') ? undefined : 'The model has no ONNX file.';
}

export function needsTfjs(model: BenchModel): string | undefined {
  return variantFor(model, 'tfjs') ? undefined : 'The model has no TensorFlow.js files.';
}
