import type { ModelSpec } from '@nearside/core';
import { STEPS } from './step-table.js';

/** Steps that every library which reads format 1 has. */
const FIRST_STEPS = [
  'decode-image',
  'grayscale',
  'resize',
  'rescale',
  'normalize',
  'to-tensor',
  'softmax',
  'top-k',
];

/** Inputs that are always the same, and records of features. */
const INPUT_VALUES = 'input-values';
const FEATURE_RECORDS = 'features';

/** What this library can do of what a version may require (`requires.features`). */
export const FEATURES: readonly string[] = [
  ...stepFeatures(Object.values(STEPS).flatMap((steps) => steps.map(({ name }) => name))),
  INPUT_VALUES,
  FEATURE_RECORDS,
];

/** What a library must have to serve a version: one that has not passes the version over. */
export function requiredFeatures({
  inputs,
  features,
  preprocessing,
  postprocessing,
}: Pick<ModelSpec, 'inputs' | 'features' | 'preprocessing' | 'postprocessing'>): string[] {
  const steps = stepFeatures([...preprocessing, ...postprocessing].map(({ step }) => step));
  const hasValues = inputs.some(({ value }) => value !== undefined);
  const members = [...(hasValues ? [INPUT_VALUES] : []), ...(features ? [FEATURE_RECORDS] : [])];
  return [...new Set([...steps, ...members])].sort();
}

function stepFeatures(names: readonly string[]): string[] {
  return names.filter((name) => !FIRST_STEPS.includes(name)).map((name) => `step:${name}`);
}
