import type { ModelSpec, TensorSpec, Variant } from '@nearside/core';

/** A model as it was found, in the words of a spec: what a draft of a model directory is made from. */
export interface SourceModel {
  /** What it is called unless somebody names it. */
  readonly title: string;
  readonly task: ModelSpec['task'];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly preprocessing: ModelSpec['preprocessing'];
  readonly postprocessing: ModelSpec['postprocessing'];
  /** In the order a device should try them. */
  readonly variants: readonly Variant[];
  /** The variants' files: name in the model directory → path of the original. */
  readonly weights: ReadonlyMap<string, string>;
}
