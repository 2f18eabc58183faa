import * as v from 'valibot';

const NameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

/** An input that has `tensors` is no record. */
const FeatureNameSchema = v.pipe(
  NameSchema,
  v.check((name) => name !== 'tensors', "a name other than 'tensors'"),
);

/** JSON can write 1e999, which parses as Infinity. */
const NumberSchema = v.pipe(v.number(), v.finite());

const common = {
  name: FeatureNameSchema,
  /** A remembered value may be this old, ms; by default any age will do. */
  maxAgeMs: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
};

/** The values that a record may hold under a name, and the default for one that is missing, stale or invalid. */
export const FeatureSchema = v.variant('type', [
  v.strictObject({
    ...common,
    type: v.literal('number'),
    /** For people: `mm`, `years`. */
    unit: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(32))),
    /** Smallest and largest value that the model was trained for. */
    range: v.optional(v.strictTuple([NumberSchema, NumberSchema])),
    /** A number outside `range` is refused by default. */
    outside: v.optional(v.picklist(['refuse', 'clip'])),
    default: v.optional(NumberSchema),
  }),
  v.strictObject({
    ...common,
    type: v.literal('category'),
    categories: v.pipe(v.array(NameSchema), v.minLength(1), v.maxLength(1000)),
    default: v.optional(v.string()),
  }),
  v.strictObject({
    ...common,
    type: v.literal('boolean'),
    default: v.optional(v.boolean()),
  }),
]);

export type Feature = v.InferOutput<typeof FeatureSchema>;
