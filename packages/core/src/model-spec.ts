import * as v from 'valibot';
import { FeatureSchema } from './feature-schema.js';
import { isModelName } from './model-name.js';
import { DATATYPES } from './tensor.js';

/** The integer every published spec carries; a change that older libraries misread raises it. */
export const SPEC_FORMAT = 1;

/** A file inside a model directory: relative, no `..`, no backslash, no empty part. */
export const FileNameSchema = v.pipe(
  v.string(),
  v.maxLength(200),
  v.regex(/^(?!\.)[A-Za-z0-9._-]+(?:\/(?!\.)[A-Za-z0-9._-]+)*$/, 'a safe relative file name'),
);

/** A model's name: one URL path segment. */
export const ModelNameSchema = v.pipe(
  v.string(),
  v.check(isModelName, 'lower-case letters, digits and dashes, ≤ 64'),
);

/** Semantic Versioning 2.0.0 without build metadata. */
export const VersionSchema = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/, 'a semantic version such as 1.2.0'),
);

const PositiveIntegerSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** Golden cases have tensors by their names, and valibot leaves these out of any record. */
const TensorNameSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(200),
  v.regex(
    /^(?!(?:__proto__|constructor|prototype)$)/,
    'another name than __proto__, constructor or prototype',
  ),
);

export const TensorSpecSchema = v.strictObject({
  name: TensorNameSchema,
  datatype: v.picklist(DATATYPES),
  shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(-1))),
});

const InputSpecSchema = v.strictObject({
  ...TensorSpecSchema.entries,
  /** The input is the same in every run: every element in row-major order, or one number for all. */
  value: v.optional(v.union([v.number(), v.array(v.number())])),
});

const FilesSchema = v.array(FileNameSchema);

/** Fields of an ONNX variant, which may be given anew for a stage. */
const ofOnnx = {
  /** Sizes for axes that the file leaves free by a name. The runtime can then plan memory and kernels. */
  dimensions: v.optional(v.record(v.string(), PositiveIntegerSchema)),
};
const TfjsFormatSchema = v.picklist(['layers-model', 'graph-model']);

/** In a spec with stages these stand in place of `files`: the files of each stage, by its name. */
function byStage<const Own extends v.ObjectEntries>(own: Own) {
  const part = v.strictObject({ dtype: v.optional(v.string()), ...own, files: FilesSchema });
  return v.optional(v.record(ModelNameSchema, part));
}

const variantEntries = {
  name: ModelNameSchema,
  dtype: v.string(),
  /** The model first, then the files of its weights; of TensorFlow.js in the order of its manifest. */
  files: v.optional(FilesSchema, () => []),
  /** Peak heap of this variant, in bytes. `pack` measures it. */
  memoryBytes: v.optional(PositiveIntegerSchema),
  /** False for one that others are compared with. `pack` leaves it out, so no device fetches it. */
  ships: v.optional(v.boolean()),
};

/** One form of the same weights: what a backend loads. Order in the spec is the prior order. */
export const VariantSchema = v.variant('runtime', [
  v.strictObject({
    ...variantEntries,
    runtime: v.literal('onnx'),
    ...ofOnnx,
    stages: byStage(ofOnnx),
  }),
  v.strictObject({
    ...variantEntries,
    runtime: v.literal('tfjs'),
    format: TfjsFormatSchema,
    stages: byStage({ format: v.optional(TfjsFormatSchema) }),
  }),
]);

/** A step by its name. The step itself defines its parameters. */
const NamedStepSchema = v.looseObject({ step: v.pipe(v.string(), v.maxLength(64)) });

/** Far more than any model needs, each way. */
const StepsSchema = v.pipe(v.array(NamedStepSchema), v.maxLength(64));

/** A model with the steps before and after it. */
const modelEntries = {
  inputs: v.optional(v.array(InputSpecSchema), () => []),
  outputs: v.optional(v.array(TensorSpecSchema), () => []),
  /**
   * The model's state: each such output is fed back as the named input with the next frame. Both are declared above.
   * The state before the first frame is zeros.
   */
  state: v.optional(
    v.pipe(v.array(v.strictObject({ input: v.string(), output: v.string() })), v.minLength(1)),
  ),
  /** Raw input → the model's input; and its outputs → a result. `packages/pipeline` knows the steps. */
  preprocessing: v.optional(StepsSchema, () => []),
  postprocessing: v.optional(StepsSchema, () => []),
  /** Files of the version that steps read, by the name that their parameters have for them. */
  resources: v.optional(v.record(ModelNameSchema, FileNameSchema)),
};

export const ModelSpecSchema = v.strictObject({
  /** Address of this file's JSON schema, for editors. */
  $schema: v.optional(v.string()),
  format: v.literal(SPEC_FORMAT),
  name: ModelNameSchema,
  version: VersionSchema,
  /** Monotone over all versions of a model; the highest admitted one is chosen. */
  sequence: PositiveIntegerSchema,
  /** One of `BUILT_IN_TASKS`, or a task that the app's own worker does. */
  task: ModelNameSchema,
  ...modelEntries,
  /** Several models in place of one. Each works on the results of the one before it. */
  stages: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          name: ModelNameSchema,
          /** The stage before this one. This stage runs once for each of its results. */
          each: v.optional(ModelNameSchema),
          ...modelEntries,
        }),
      ),
      v.minLength(2),
      v.maxLength(8),
    ),
  ),
  /** The features of a model that takes records. */
  features: v.optional(v.pipe(v.array(FeatureSchema), v.minLength(1), v.maxLength(1000))),
  variants: v.pipe(v.array(VariantSchema), v.minLength(1)),
  batch: v.optional(
    v.strictObject({
      axis: v.literal(0),
      max: PositiveIntegerSchema,
      maxDelayMs: v.pipe(v.number(), v.minValue(0)),
    }),
  ),
  limits: v.strictObject({
    /** Peak heap the model needs, in bytes: that of its largest variant. */
    memoryBytes: PositiveIntegerSchema,
    /** Largest image accepted, in pixels before any resizing. */
    maxInputPixels: v.optional(PositiveIntegerSchema),
  }),
  /** How much worse than its control a canary may be. The collector reads this (`HealthSchema`), devices do not. */
  health: v.optional(v.record(v.string(), v.number())),
});

export type ModelSpec = v.InferOutput<typeof ModelSpecSchema>;
export type NamedStep = Readonly<v.InferOutput<typeof NamedStepSchema>>;
export type Variant = v.InferOutput<typeof VariantSchema>;
export type Runtime = Variant['runtime'];
