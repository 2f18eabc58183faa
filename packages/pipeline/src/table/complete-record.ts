import {
  type Feature,
  type FeatureValue,
  fitsFeature,
  kindOf,
  NearsideError,
  type Substitution,
} from '@nearside/core';

/** Every feature of the spec by its name, each of its type. */
export type CompleteRecord = ReadonlyMap<string, FeatureValue>;

interface Substituting {
  /** Features of which only values are known that are too old. */
  readonly stale: readonly string[];
  readonly substitute: (feature: string, reason: Substitution) => void;
}

/**
 * A record as it was given → one in which every feature of the spec has a value: the record's own where it fits,
 * else the spec's `default`, which is noted. A number outside its range is refused, or clipped and noted.
 *
 * @throws NearsideError `input-invalid`, naming the feature, for one that does not fit and has no default, for a
 *   name that is no feature, and for a record without any
 */
export function completeRecord(
  input: unknown,
  features: readonly Feature[],
  { stale, substitute }: Substituting,
): CompleteRecord {
  if (kindOf(input) !== 'Object') throw invalid('the input', 'a record of features', kindOf(input));
  const record = input as Readonly<Record<string, unknown>>;
  const names = features.map(({ name }) => name);
  const unknown = Object.keys(record).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw invalid('the record', `only ${listed(names)}`, shortened(unknown));
  }
  if (features.every(({ name }) => isMissing(own(record, name)))) {
    throw invalid('the record', `features, of ${listed(names)}`, 'none');
  }
  return new Map(
    features.map((feature) => {
      const { name } = feature;
      const missing = stale.includes(name) ? 'stale' : 'missing';
      return [name, complete(own(record, name), feature, { substitute, missing })];
    }),
  );
}

function complete(
  given: unknown,
  feature: Feature,
  { substitute, missing }: Pick<Substituting, 'substitute'> & { missing: 'missing' | 'stale' },
): FeatureValue {
  if (fitsFeature(given, feature)) {
    const clipped = clip(given, feature);
    if (clipped !== given) substitute(feature.name, 'invalid');
    return clipped;
  }
  if (feature.default === undefined) {
    const words = isMissing(given) && missing === 'stale' ? 'one too old' : kindInWords(given);
    throw invalid(`'${feature.name}'`, describeFeature(feature), words);
  }
  substitute(feature.name, isMissing(given) ? missing : 'invalid');
  return feature.default;
}

function clip(given: FeatureValue, feature: Feature): FeatureValue {
  if (feature.type !== 'number' || !feature.range) return given;
  const [smallest, largest] = feature.range;
  const clipped = Math.min(largest, Math.max(smallest, given as number));
  if (clipped === given || feature.outside === 'clip') return clipped;
  throw invalid(`'${feature.name}'`, describeFeature(feature), 'one outside it');
}

function describeFeature(feature: Feature): string {
  if (feature.type === 'category') return `one of ${listed(feature.categories)}`;
  if (feature.type === 'boolean') return 'true or false';
  const { range, unit } = feature;
  return `a number${range ? ` from ${range[0]} to ${range[1]}` : ''}${unit ? ` in ${unit}` : ''}`;
}

function isMissing(given: unknown): boolean {
  return given === undefined || given === null;
}

function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Most names that a message lists, and characters of one that somebody else has chosen. */
const LISTED = 12;
const CHARACTERS = 64;

function listed(names: readonly string[]): string {
  return names.slice(0, LISTED).join(', ') + (names.length > LISTED ? ', …' : '');
}

function shortened(name: string): string {
  return name.length > CHARACTERS ? `${name.slice(0, CHARACTERS)}…` : name;
}

/** The kind alone: what a record says of somebody is in no message. */
function kindInWords(given: unknown): string {
  if (isMissing(given)) return 'none';
  if (typeof given === 'string') return 'another text';
  return typeof given === 'number' ? 'no finite number' : kindOf(given);
}

function invalid(what: string, expected: string, got: string): NearsideError {
  return new NearsideError('input-invalid', `Expected ${what} to be ${expected}, got ${got}.`, {
    details: { field: what, expected, got },
  });
}
