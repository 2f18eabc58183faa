import { type ModelSpec, type Stage, type StagedSpec, stagesOf } from '@nearside/core';
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

/** What the spec of a stage may say besides steps: a value of an input, and files that steps read. */
const MEMBERS = {
  'input-values': ({ inputs }: Stage) => inputs.some(({ value }) => value !== undefined),
  resources: ({ resources }: Stage) => resources !== undefined,
} as const;

/** What this library can do of what a version may require (`requires.features`). */
export const FEATURES: readonly string[] = [
  ...stepFeatures(Object.values(STEPS).flatMap((steps) => steps.map(({ name }) => name))),
  ...Object.keys(MEMBERS),
  'features',
  'stages',
];

/** What a library must have to serve a version: one that has not passes the version over. */
export function requiredFeatures(spec: StagedSpec & Pick<ModelSpec, 'features'>): string[] {
  const stages = stagesOf(spec);
  const named = stages.flatMap((stage) => [...stage.preprocessing, ...stage.postprocessing]);
  const members = Object.entries(MEMBERS).filter(([, has]) => stages.some(has));
  const required = [
    ...stepFeatures(named.map(({ step }) => step)),
    ...members.map(([name]) => name),
    ...(spec.features ? ['features'] : []),
    ...(spec.stages ? ['stages'] : []),
  ];
  return [...new Set(required)].sort();
}

function stepFeatures(names: readonly string[]): string[] {
  return names.filter((name) => !FIRST_STEPS.includes(name)).map((name) => `step:${name}`);
}
