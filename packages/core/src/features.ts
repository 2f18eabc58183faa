import * as v from 'valibot';
import { NearsideError } from './errors.js';

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

/** A value of a feature, of its type. */
export type FeatureValue = number | string | boolean;

/** What a model for records takes: features by name; those that the spec has a default for may be left out. */
export type FeatureRecord = Readonly<Record<string, FeatureValue | null | undefined>>;

/** Whether a value is of a feature's type; a number outside its range is, all the same. */
export function fitsFeature(given: unknown, feature: Feature): given is FeatureValue {
  switch (feature.type) {
    case 'number':
      return Number.isFinite(given);
    case 'category':
      return typeof given === 'string' && feature.categories.includes(given);
    case 'boolean':
      return typeof given === 'boolean';
  }
}

/** Why a default stands in for a feature. */
export type Substitution = 'missing' | 'stale' | 'invalid';

/**
 * Checks that features do not contradict each other or themselves.
 *
 * @throws NearsideError `metadata-malformed`
 */
export function checkFeatures({
  features = [],
}: {
  readonly features?: readonly Feature[] | undefined;
}): void {
  const names = features.map(({ name }) => name);
  for (const [i, feature] of features.entries()) {
    const { name } = feature;
    if (names.indexOf(name) !== i) throw malformed(name, 'one of this name', 'two');
    if (feature.type === 'category') checkCategories(feature);
    if (feature.type === 'number') checkRange(feature);
  }
}

function checkCategories({
  name,
  categories,
  default: fallback,
}: Extract<Feature, { type: 'category' }>): void {
  if (new Set(categories).size < categories.length) {
    throw malformed(name, 'each category once', categories.join(', '));
  }
  if (fallback !== undefined && !categories.includes(fallback)) {
    throw malformed(name, `a default among ${categories.join(', ')}`, fallback);
  }
}

function checkRange({
  name,
  range,
  default: fallback,
}: Extract<Feature, { type: 'number' }>): void {
  if (!range) return;
  const [smallest, largest] = range;
  if (smallest > largest) throw malformed(name, 'a range from the smallest to the largest', range);
  if (fallback !== undefined && (fallback < smallest || fallback > largest)) {
    throw malformed(name, `a default from ${smallest} to ${largest}`, fallback);
  }
}

function malformed(name: string, expected: string, got: unknown): NearsideError {
  return new NearsideError(
    'metadata-malformed',
    `model.json, feature '${name}': expected ${expected}, got ${got}.`,
    {
      details: { what: 'model.json', path: 'features', feature: name, expected, got: String(got) },
    },
  );
}
