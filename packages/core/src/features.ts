import { NearsideError } from './errors.js';
import type { Feature } from './feature-schema.js';

export type FeatureValue = number | string | boolean;

/** Input of a model for records: features by name. Those with a default in the spec may be left out. */
export type FeatureRecord = Readonly<Record<string, FeatureValue | null | undefined>>;

/** @returns true for a value of the feature's type, whether or not a number is in its range */
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
