import {
  type ModelSpec,
  parseModelSpec,
  SPEC_FORMAT,
  type TensorSpec,
  type Variant,
} from '@nearside/core';
import { RUNTIME_BYTES } from '../packing/try-runtime.js';
import type { DraftedFile } from './write-draft.js';

/** A model as it was found, in the terms of a spec. A draft of a model directory is made from it. */
export interface SourceModel {
  /** The model's name, unless somebody gives it another. */
  readonly title: string;
  readonly task: ModelSpec['task'];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Names of outputs that a softmax gives. */
  readonly probabilities?: ReadonlySet<string>;
  readonly preprocessing: ModelSpec['preprocessing'];
  readonly postprocessing: ModelSpec['postprocessing'];
  /** Files that steps read: by their names among resources, their names in the model directory. */
  readonly resources?: ReadonlyMap<string, string>;
  /** Lowest and highest number of golden inputs, by their names, unless somebody gives others. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>>;
  /** Sentences about what the draft says and no file does. */
  readonly assumed?: readonly string[];
  /** In the order a device should try them. */
  readonly variants: readonly Variant[];
  /** The files of variants and steps, by their names in the model directory. */
  readonly weights: ReadonlyMap<string, DraftedFile>;
}

/** Identifies one version of a model. */
export interface ModelIdentity {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
}

export const DRAFT_SPEC_DEFAULTS = Object.freeze({
  /** A runtime that has loaded nothing; `pack` measures what the model needs, and writes that if it is more. */
  memoryBytes: RUNTIME_BYTES,
  /** The 48-megapixel photo of a phone, pixels. */
  maxInputPixels: 50_000_000,
  /** Most inputs of a batch, and how long the first of them waits for the others. */
  batch: { axis: 0, max: 16, maxDelayMs: 2 },
} as const);

/** @throws NearsideError `metadata-malformed`, for instance for a name that is no URL segment */
export function draftSpec(source: SourceModel, identity: ModelIdentity): ModelSpec {
  const { task, inputs, outputs, preprocessing, postprocessing, variants, resources } = source;
  const { batch, maxInputPixels, memoryBytes } = DRAFT_SPEC_DEFAULTS;
  return parseModelSpec({
    format: SPEC_FORMAT,
    ...identity,
    task,
    inputs,
    outputs,
    preprocessing,
    postprocessing,
    ...(resources && { resources: Object.fromEntries(resources) }),
    variants,
    ...(takesBatches(source) && { batch }),
    limits: {
      memoryBytes,
      ...(preprocessing.some(({ step }) => step === 'decode-image') && { maxInputPixels }),
    },
  });
}

/**
 * Only axis 0 may be free, because items of different lengths cannot be joined. Texts of about one length are filled up
 * to the same.
 */
function takesBatches({ inputs, outputs, preprocessing }: SourceModel): boolean {
  if (preprocessing.some(({ step }) => step === 'tokenize'))
    return isFree(inputs) && isFree(outputs);
  return [...inputs, ...outputs].every(({ shape: [batch, ...axes] }) => {
    return batch === -1 && !axes.includes(-1);
  });
}

function isFree(tensors: readonly TensorSpec[]): boolean {
  return tensors.every(({ shape: [batch] }) => batch === -1);
}
