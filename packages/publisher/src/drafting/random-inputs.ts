import {
  arrayFromBytes,
  type Datatype,
  elementCount,
  type ModelSpec,
  type NumericDatatype,
  type StoredTensor,
  type TensorSpec,
} from '@nearside/core';
import { modelInvalid } from '../packing/model-invalid.js';

export const RANDOM_INPUT_DEFAULTS = Object.freeze({
  /** Size of a free axis other than the batch: networks that halve images five times take it. */
  freeAxis: 32,
  /** Items in the second case of a model that takes batches. */
  batch: 3,
  /** All inputs of a case: they are written, published and run with every start of a session. */
  caseBytes: 16 * 1024 * 1024,
});

/** A golden case without answers, and the bytes of its inputs by file name. */
export interface DraftedCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, StoredTensor>>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Golden inputs for a model that nobody gave samples for: floats in [0, 1), bytes of any value, and
 * other integers 0 or 1, which any vocabulary and any mask holds. The same spec gives the same bytes.
 *
 * @throws NearsideError `model-invalid` for an input of strings, or inputs of more than 16 MiB
 */
export function draftRandomCases(spec: ModelSpec): DraftedCase[] {
  const random = seededRandom(1);
  const sizes = spec.batch ? [1, RANDOM_INPUT_DEFAULTS.batch] : [1];
  return sizes.map((batch) => {
    const name = `random-${batch}`;
    const inputs: Record<string, StoredTensor> = {};
    const files = new Map<string, Uint8Array>();
    let caseBytes = 0;
    for (const declared of spec.inputs) {
      const datatype = numeric(declared);
      const shape = declared.shape.map((axis, i) => {
        if (axis !== -1) return axis;
        return i === 0 ? batch : RANDOM_INPUT_DEFAULTS.freeAxis;
      });
      const file = `golden/${name}.${declared.name.replace(/[^A-Za-z0-9._-]/g, '_')}.bin`;
      caseBytes += elementCount(shape) * BYTES[datatype];
      if (!(caseBytes <= RANDOM_INPUT_DEFAULTS.caseBytes)) throw tooLarge(declared, shape);
      files.set(file, randomBytes(datatype, elementCount(shape), random));
      inputs[declared.name] = { datatype, shape, file };
    }
    return { name, inputs, files };
  });
}

function randomBytes(datatype: NumericDatatype, count: number, random: () => number): Uint8Array {
  const array = arrayFromBytes(datatype, new ArrayBuffer(count * BYTES[datatype]));
  for (let i = 0; i < count; i++) array[i] = VALUES[datatype](random());
  return new Uint8Array((array as Uint8Array).buffer);
}

/** From a number in [0, 1). FP16 is written as its bits: 2⁻¹ · 1.m, so [0.5, 1). */
const VALUES: Readonly<Record<NumericDatatype, (random: number) => number | bigint>> = {
  BOOL: (random) => Math.floor(random * 2),
  UINT8: (random) => Math.floor(random * 256),
  INT8: (random) => Math.floor(random * 256) - 128,
  UINT16: (random) => Math.floor(random * 2),
  INT16: (random) => Math.floor(random * 2),
  UINT32: (random) => Math.floor(random * 2),
  INT32: (random) => Math.floor(random * 2),
  INT64: (random) => BigInt(Math.floor(random * 2)),
  FP16: (random) => 0x3800 + Math.floor(random * 1024),
  FP32: (random) => random,
  FP64: (random) => random,
};

const BYTES: Readonly<Record<NumericDatatype, number>> = {
  BOOL: 1,
  UINT8: 1,
  INT8: 1,
  UINT16: 2,
  INT16: 2,
  UINT32: 4,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
};

function numeric({ name, datatype }: TensorSpec): NumericDatatype {
  if (isNumeric(datatype)) return datatype;
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

function isNumeric(datatype: Datatype): datatype is NumericDatatype {
  return datatype !== 'BYTES';
}

/** Numbers in [0, 1) with 24 random bits, which FP32 holds exactly (xorshift32, Marsaglia 2003). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) / 2 ** 24;
  };
}
