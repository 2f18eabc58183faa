import * as v from 'valibot';

const NameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

/** An input that has `tensors` is no record. */
const FeatureNameSchema = v.pipe(
  NameSchema,
  v.check((name) => name !== 'tensors', "a name other than 'tensors'"),
);

/** JSON can say 1e999, which is no number any more. */
const NumberSchema = v.pipe(v.number(), v.finite());

const common = {
  name: FeatureNameSchema,
  /** How old a remembered value may be, ms; by default of any age. */
  maxAgeMs: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
};

/** What a record may hold under a name, and what stands in for it where it is missing, stale or invalid. */
export const FeatureSchema = v.variant('type', [
  v.strictObject({
    ...common,
    type: v.literal('number'),
    /** For people: `mm`, `years`. */
    unit: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(32))),
    /** Smallest and largest value that the model was trained for. */
    range: v.optional(v.strictTuple([NumberSchema, NumberSchema])),
    /** What becomes of a number outside `range`: it is refused by default. */
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
