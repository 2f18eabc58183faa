import {
  elementBytes,
  elementCount,
  formatShape,
  type ModelSpec,
  type NumericDatatype,
  ownFields,
  type SeededTensor,
  shapeFits,
  type TensorSpec,
} from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { requireDrawable } from '../packing/seeded-inputs.js';

export const RANDOM_INPUT_DEFAULTS = Object.freeze({
  /** Size of a free axis other than the batch. Networks that halve images five times accept it. */
  freeAxis: 32,
  /** Items in the second case of a model that takes batches. */
  batch: 3,
  /** All inputs of a case, bytes. They are drawn and run each time a session starts. */
  caseBytes: 16 * 1024 * 1024,
});

const NONE: Readonly<Record<string, never>> = Object.freeze(Object.create(null));

/** A golden case without answers. */
export interface DraftedCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, SeededTensor>>;
}

/** Somebody knows these of the inputs, by their names, where the graph does not say them. */
export interface InputOptions {
  /** All axes of the shape to try; by default a free first axis is 1, and other free ones are 32. */
  readonly shapes?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Lowest and highest number; by default those that `seededTensor` of core draws. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>> | undefined;
}

/**
 * Golden inputs for a model without samples: numbers that a seed stands for, so that devices download nothing. The
 * same spec gives the same numbers.
 *
 * @throws NearsideError `model-invalid` for an input of strings, inputs of more than 16 MiB, or a range of numbers that
 *   the datatype does not hold
 * @throws TypeError when `shapes` or `ranges` name no input, or a shape does not fit
 */
export function draftRandomCases(spec: ModelSpec, options: InputOptions = {}): DraftedCase[] {
  requireInputs(spec, options);
  // A tensor may have the name of what any object inherits.
  const { ranges = NONE, shapes = NONE } = ownFields(options);
  const sizes = spec.batch ? [1, RANDOM_INPUT_DEFAULTS.batch] : [1];
  let seed = 0;
  return sizes.map((batch) => {
    const inputs: Record<string, SeededTensor> = {};
    let caseBytes = 0;
    for (const declared of spec.inputs) {
      const { name } = declared;
      const datatype = numeric(declared);
      const shape = shapeOf(declared, { batch, isBatched: Boolean(spec.batch), shapes });
      caseBytes += elementCount(shape) * elementBytes(datatype);
      if (!(caseBytes <= RANDOM_INPUT_DEFAULTS.caseBytes)) throw tooLarge(declared, shape);
      seed += 1;
      const range = ranges[name];
      const within = range && { range: [...range] as [number, number] };
      const tensor = { datatype, shape, seed, ...within };
      requireDrawable(`Input '${name}'`, tensor);
      inputs[name] = tensor;
    }
    return { name: `random-${batch}`, inputs };
  });
}

function requireInputs({ inputs }: ModelSpec, options: InputOptions): void {
  const names = inputs.map(({ name }) => name);
  for (const option of ['shapes', 'ranges'] as const) {
    const unknown = Object.keys(options[option] ?? {}).find((name) => !names.includes(name));
    if (unknown === undefined) continue;
    throw new TypeError(
      `draft: expected \`${option}\` of the model's inputs, ${names.join(', ')}; got '${unknown}'.`,
    );
  }
}

function shapeOf(
  { name, shape: declared }: TensorSpec,
  {
    batch,
    isBatched,
    shapes,
  }: Required<Pick<InputOptions, 'shapes'>> & { batch: number; isBatched: boolean },
): number[] {
  const given = shapes[name];
  if (!given) {
    const { freeAxis } = RANDOM_INPUT_DEFAULTS;
    return declared.map((axis, i) => (axis !== -1 ? axis : i === 0 ? batch : freeAxis));
  }
  if (!shapeFits(given, declared)) throw wrongShape(name, formatShape(declared), given);
  if (!isBatched) return [...given];
  if (given[0] !== 1) throw wrongShape(name, 'a first axis of 1, which takes batches,', given);
  return [batch, ...given.slice(1)];
}

function wrongShape(name: string, expected: string, given: readonly number[]) {
  return new TypeError(
    `draft: expected \`shapes\` to have ${expected} for the input '${name}', got ` +
      `${formatShape(given)}.`,
  );
}

function numeric({ name, datatype }: TensorSpec): NumericDatatype {
  if (datatype !== 'BYTES') return datatype;
  throw modelInvalid(`Input '${name}': expected numbers, got ${datatype}.`, { name, datatype });
}

function tooLarge({ name }: TensorSpec, shape: readonly number[]) {
  const { caseBytes } = RANDOM_INPUT_DEFAULTS;
  return modelInvalid(
    `Input '${name}': expected golden inputs of at most ${caseBytes} bytes, got shape ` +
      `[${shape.join(', ')}]. Give smaller ones with \`--shape\`, or leave large axes of the graph free.`,
    { name, shape, maxBytes: caseBytes },
  );
}
