import * as v from 'valibot';
import { FileNameSchema, ModelNameSchema } from './model-spec.js';
import { parse } from './parse.js';
import type { Stage } from './stages.js';
import { NUMERIC_DATATYPES } from './tensor.js';

const StoredTensorSchema = v.strictObject({
  datatype: v.picklist(NUMERIC_DATATYPES),
  shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Raw little-endian values, row-major. */
  file: FileNameSchema,
});

/** An expected output: of a large one, some values are enough to tell right from wrong. */
const StoredOutputSchema = v.strictObject({
  ...StoredTensorSchema.entries,
  /** The file has each so-manieth value alone, from the first on. */
  every: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
});

/** Stands in place of a file; `seeded-tensor.ts` says which numbers these are. */
const SeededTensorSchema = v.strictObject({
  datatype: v.picklist(NUMERIC_DATATYPES),
  shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(1))),
  seed: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 32 - 1)),
  /** Lowest and highest number; without it they are those of the datatype. */
  range: v.optional(v.strictTuple([v.number(), v.number()])),
});

const BoundsSchema = v.strictObject({
  abs: v.pipe(v.number(), v.minValue(0)),
  rel: v.pipe(v.number(), v.minValue(0)),
});

const ToleranceSchema = v.strictObject({
  ...BoundsSchema.entries,
  /** Tolerances of single outputs, by name; in a spec with stages, by `stage/name`. */
  outputs: v.optional(v.record(v.string(), BoundsSchema)),
});

/**
 * golden.json: known inputs with the outputs another runtime computed for them. Inputs are shared
 * by all variants; expected outputs and tolerance belong to a variant. The first case of a stage is the
 * cheap one that runs whenever a session is created.
 */
export const GoldenSchema = v.strictObject({
  format: v.literal(1),
  /** The runtime that computed the outputs, such as `onnxruntime-web 1.30.0 wasm`: see {@link isServedWith}. */
  reference: v.optional(v.string()),
  cases: v.pipe(
    v.array(
      v.strictObject({
        name: v.string(),
        /** In a spec with stages, the stage that the case is for. */
        stage: v.optional(ModelNameSchema),
        inputs: v.record(v.string(), v.union([StoredTensorSchema, SeededTensorSchema])),
        /**
         * Only a stage's first case has these: inputs of the shapes that callers give. Sessions are warmed up and
         * timed with them, and their outputs are not compared.
         */
        warmUp: v.optional(v.record(v.string(), SeededTensorSchema)),
        expected: v.record(ModelNameSchema, v.record(v.string(), StoredOutputSchema)),
      }),
    ),
    v.minLength(1),
  ),
  tolerance: v.record(ModelNameSchema, ToleranceSchema),
});

export type Golden = v.InferOutput<typeof GoldenSchema>;
export type GoldenCase = Golden['cases'][number];
export type StoredTensor = v.InferOutput<typeof StoredTensorSchema>;
export type StoredOutput = v.InferOutput<typeof StoredOutputSchema>;
export type SeededTensor = v.InferOutput<typeof SeededTensorSchema>;
/** |a − b| ≤ abs + rel·|b| */
export type Tolerance = v.InferOutput<typeof BoundsSchema>;

export function casesOfStage(
  { cases }: Golden,
  { name }: Pick<Stage, 'name'>,
  scope: 'all' | 'first' = 'all',
): Golden['cases'] {
  const ofStage = cases.filter(({ stage = '' }) => stage === name);
  return scope === 'all' ? ofStage : ofStage.slice(0, 1);
}

/** Files of a case, for the variants named. */
export function goldenFiles(
  { inputs, expected }: GoldenCase,
  variants: readonly string[],
): string[] {
  const tensors = [inputs, ...variants.map((variant) => expected[variant] ?? {})];
  return tensors
    .flatMap((named) => Object.values<StoredTensor | SeededTensor>(named))
    .flatMap((tensor) => ('file' in tensor ? [tensor.file] : []));
}

/** Runtimes that devices serve with. */
const SERVED_WITH = /onnxruntime-web|tfjs-backend-wasm/;

/** The outputs come from a runtime that devices serve with: what both compute wrongly they do not show. */
export function isServedWith({ reference = '' }: Pick<Golden, 'reference'>): boolean {
  return SERVED_WITH.test(reference);
}

/** @returns how far an output of a stage's model may be off */
export function toleranceOf(
  { outputs = {}, abs, rel }: Golden['tolerance'][string],
  { name }: Pick<Stage, 'name'>,
  output: string,
): Tolerance {
  const key = name === '' ? output : `${name}/${output}`;
  const own = Object.hasOwn(outputs, key) ? outputs[key] : undefined;
  return own ?? { abs, rel };
}

/** @throws NearsideError `metadata-malformed` */
export function parseGolden(value: unknown): Golden {
  return parse(GoldenSchema, value, { code: 'metadata-malformed', what: 'golden.json' });
}
