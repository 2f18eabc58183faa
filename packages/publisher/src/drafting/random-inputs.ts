import {
  elementBytes,
  elementCount,
  type ModelSpec,
  type NumericDatatype,
  type SeededTensor,
  type TensorSpec,
} from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';

export const RANDOM_INPUT_DEFAULTS = Object.freeze({
  /** Size of a free axis other than the batch. Networks that halve images five times accept it. */
  freeAxis: 32,
  /** Items in the second case of a model that takes batches. */
  batch: 3,
  /** All inputs of a case, bytes. They are drawn and run each time a session starts. */
  caseBytes: 16 * 1024 * 1024,
});

/** A golden case without answers. */
export interface DraftedCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, SeededTensor>>;
}

/**
 * Golden inputs for a model without samples: numbers that a seed stands for, so that devices download nothing. The
 * same spec gives the same numbers.
 *
 * @throws NearsideError `model-invalid` for an input of strings, or inputs of more than 16 MiB
 */
export function draftRandomCases(spec: ModelSpec): DraftedCase[] {
  const sizes = spec.batch ? [1, RANDOM_INPUT_DEFAULTS.batch] : [1];
  let seed = 0;
  return sizes.map((batch) => {
    const inputs: Record<string, SeededTensor> = {};
    let caseBytes = 0;
    for (const declared of spec.inputs) {
      const datatype = numeric(declared);
      const shape = declared.shape.map((axis, i) => {
        if (axis !== -1) return axis;
        return i === 0 ? batch : RANDOM_INPUT_DEFAULTS.freeAxis;
      });
      caseBytes += elementCount(shape) * elementBytes(datatype);
      if (!(caseBytes <= RANDOM_INPUT_DEFAULTS.caseBytes)) throw tooLarge(declared, shape);
      seed += 1;
      inputs[declared.name] = { datatype, shape, seed };
    }
    return { name: `random-${batch}`, inputs };
  });
}

function numeric({ name, datatype }: TensorSpec): NumericDatatype {
  if (datatype !== 'BYTES') return datatype;
  throw modelInvalid(`Input '${name}': expected numbers, got ${datatype}.`, { name, datatype });
}

function tooLarge({ name }: TensorSpec, shape: readonly number[]) {
  const { caseBytes } = RANDOM_INPUT_DEFAULTS;
  return modelInvalid(
    `Input '${name}': expected golden inputs of at most ${caseBytes} bytes, got shape ` +
      `[${shape.join(', ')}]. Write a model directory with smaller ones (docs/packing.md), or leave ` +
      'large axes of the graph free.',
    { name, shape, maxBytes: caseBytes },
  );
}
