import {
  type ModelSpec,
  type NamedStep,
  type Stage,
  type StagedSpec,
  stagesOf,
} from '@nearside/core';
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

/** What some of them learnt later, and whether a spec makes use of it: without it, a library fails on the parameters. */
const LEARNT: Readonly<Record<string, (step: NamedStep) => boolean>> = {
  'step:decode-image:background': ({ step, background }) =>
    step === 'decode-image' && background !== undefined,
  'step:decode-image:reduced': ({ step, reduced }) =>
    step === 'decode-image' && reduced !== undefined,
  'step:resize:forms': ({ step, size, resample: _, ...others }) =>
    step === 'resize' && (Object.keys(others).length > 0 || !isExact(size)),
};

function isExact(size: unknown): boolean {
  return typeof size === 'object' && size !== null && 'height' in size && 'width' in size;
}

/** What the spec of a stage may say besides steps: a value of an input, and files that steps read. */
const MEMBERS = {
  'input-values': ({ inputs }: Stage) => inputs.some(({ value }) => value !== undefined),
  resources: ({ resources }: Stage) => resources !== undefined,
} as const;

/** What this library can do of what a version may require (`requires.features`). */
export const CAPABILITIES: readonly string[] = [
  ...stepFeatures(Object.values(STEPS).flatMap((steps) => steps.map(({ name }) => name))),
  ...Object.keys(LEARNT),
  ...Object.keys(MEMBERS),
  'features',
  'health',
  'stages',
];

/** What a library must have to serve a version: one that has not passes the version over. */
export function requiredCapabilities(
  spec: StagedSpec & Pick<ModelSpec, 'features' | 'health'>,
): string[] {
  const stages = stagesOf(spec);
  const named = stages.flatMap((stage) => [...stage.preprocessing, ...stage.postprocessing]);
  const learnt = Object.entries(LEARNT).filter(([, isAsked]) => named.some(isAsked));
  const members = Object.entries(MEMBERS).filter(([, has]) => stages.some(has));
  const required = [
    ...stepFeatures(named.map(({ step }) => step)),
    ...[...learnt, ...members].map(([name]) => name),
    ...(spec.features ? ['features'] : []),
    ...(spec.health ? ['health'] : []),
    ...(spec.stages ? ['stages'] : []),
  ];
  return [...new Set(required)].sort();
}

function stepFeatures(names: readonly string[]): string[] {
  return names.filter((name) => !FIRST_STEPS.includes(name)).map((name) => `step:${name}`);
}
