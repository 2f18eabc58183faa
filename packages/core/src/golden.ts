import * as v from 'valibot';
import { FileNameSchema, ModelNameSchema } from './model-spec.js';
import { parse } from './parse.js';
import { NUMERIC_DATATYPES } from './tensor.js';

const StoredTensorSchema = v.strictObject({
  datatype: v.picklist(NUMERIC_DATATYPES),
  shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Raw little-endian values, row-major. */
  file: FileNameSchema,
});

const ToleranceSchema = v.strictObject({
  abs: v.pipe(v.number(), v.minValue(0)),
  rel: v.pipe(v.number(), v.minValue(0)),
});

/**
 * golden.json: known inputs with the outputs another runtime computed for them. Inputs are shared
 * by all variants; expected outputs and tolerance belong to a variant. The first case is the
 * cheap one that runs whenever a session is created.
 */
export const GoldenSchema = v.strictObject({
  format: v.literal(1),
  cases: v.pipe(
    v.array(
      v.strictObject({
        name: v.string(),
        inputs: v.record(v.string(), StoredTensorSchema),
        expected: v.record(ModelNameSchema, v.record(v.string(), StoredTensorSchema)),
      }),
    ),
    v.minLength(1),
  ),
  tolerance: v.record(ModelNameSchema, ToleranceSchema),
});

export type Golden = v.InferOutput<typeof GoldenSchema>;
export type StoredTensor = v.InferOutput<typeof StoredTensorSchema>;
export type Tolerance = v.InferOutput<typeof ToleranceSchema>;

/** @throws NearsideError `metadata-malformed` */
export function parseGolden(value: unknown): Golden {
  return parse(GoldenSchema, value, { code: 'metadata-malformed', what: 'golden.json' });
}
