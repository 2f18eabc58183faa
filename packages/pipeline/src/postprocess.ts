import { callerOutputs, type ModelSpec, NearsideError, type Tensors } from '@nearside/core';
import { softmax } from './softmax.js';
import { type LabelScore, topK } from './top-k.js';

/** What the caller gets: labels by score for a classifier, the tensors where no step is named. */
export type Output = readonly LabelScore[] | { readonly tensors: Tensors };

export interface Postprocessed {
  readonly output: Output;
  /** [classes]: every class's score, for drift; of a classifier with softmax, probabilities. */
  readonly scores: Float64Array<ArrayBuffer> | undefined;
}

/**
 * A model's outputs for one item (batch axis 1) → its result, by the steps of the spec. They read
 * the first declared output that is no state, FP32 or FP64 of shape [1, classes].
 *
 * @param topK replaces the spec's `top_k`
 * @throws NearsideError `backend-failed` when a score is NaN, `metadata-malformed` for steps or
 * outputs that do not fit; RangeError for a batch ({@link splitBatch} first) or a wrong `topK`
 */
export function postprocess(
  outputs: Tensors,
  spec: ModelSpec,
  options: { topK?: number | undefined } = {},
): Postprocessed {
  if (spec.postprocessing.length === 0) {
    return { output: { tensors: outputs }, scores: undefined };
  }
  let scores = readScores(outputs, (callerOutputs(spec)[0] as { name: string }).name);
  let output: Output | undefined;
  for (const step of spec.postprocessing) {
    if (output !== undefined) throw malformed('top-k as the last step', `${step.step} after it`);
    switch (step.step) {
      case 'softmax':
        scores = softmax(scores, scores.length);
        break;
      case 'top-k':
        output = topK(scores, options.topK ?? step.top_k, step.id2label);
        break;
      default:
        step satisfies never;
    }
  }
  if (output === undefined) throw malformed('top-k as the last step', 'softmax');
  checkNumbers(scores);
  return { output, scores };
}

/** The named output of one item, in double: [1, classes] → [classes]. */
function readScores(outputs: Tensors, name: string): Float64Array<ArrayBuffer> {
  const tensor = outputs[name];
  if (tensor?.datatype !== 'FP32' && tensor?.datatype !== 'FP64') {
    throw malformed(`output '${name}' to be FP32 or FP64`, tensor?.datatype ?? 'none');
  }
  if (tensor.data.length !== tensor.shape.at(-1)) {
    throw new RangeError(
      `postprocess: expected one item of shape [1, classes] in '${name}', got [${tensor.shape.join(', ')}]. Split the batch first.`,
    );
  }
  return Float64Array.from(tensor.data);
}

function checkNumbers(scores: Float64Array): void {
  const index = scores.findIndex(Number.isNaN);
  if (index === -1) return;
  throw new NearsideError(
    'backend-failed',
    `The model's score for class ${index} is not a number. The same input may work on another backend.`,
    { details: { index } },
  );
}

function malformed(expected: string, got: string): NearsideError {
  return new NearsideError(
    'metadata-malformed',
    `model.json, postprocessing: expected ${expected}, got ${got}.`,
    { details: { what: 'model.json', path: 'postprocessing', expected, got } },
  );
}
