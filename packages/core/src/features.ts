import * as v from 'valibot';

const NameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

/** An input that has `tensors` is no record. */
const FeatureNameSchema = v.pipe(
  NameSchema,
  v.check((name) => name !== 'tensors', "a name other than 'tensors'"),
);

const common = {
  name: FeatureNameSchema,
  /** A remembered value that is older counts as stale, ms. */
  maxAgeMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
};

/** What a record may hold under a name, and what stands in for it where it is missing, stale or invalid. */
export const FeatureSchema = v.variant('type', [
  v.strictObject({
    ...common,
    type: v.literal('number'),
    /** For people: `mm`, `years`. */
    unit: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(32))),
    /** Smallest and largest value that the model was trained for. */
    range: v.optional(v.strictTuple([v.number(), v.number()])),
    /** What becomes of a number outside `range`: it is refused by default. */
    outside: v.optional(v.picklist(['refuse', 'clip'])),
    default: v.optional(v.number()),
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

/** A value of a feature, of its type. */
export type FeatureValue = number | string | boolean;

/** What a model for records takes: features by name; those that the spec has a default for may be left out. */
export type FeatureRecord = Readonly<Record<string, FeatureValue | null | undefined>>;

/** Why a default stands in for a feature. */
export type Substitution = 'missing' | 'stale' | 'invalid';
