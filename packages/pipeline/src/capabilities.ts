import {
  type ModelSpec,
  type NamedStep,
  type Stage,
  type StagedSpec,
  stagesOf,
} from '@nearside/core';
import { FIRST_STEPS, OTHER_STEPS } from './step-table.js';

/** No version has to require these. */
const FIRST_NAMES = Object.values(FIRST_STEPS).flatMap((steps) => steps.map(({ name }) => name));

/** Parameters that steps learnt later. A library without one of them refuses the step. */
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

/** A stage may have these besides steps: a value of an input, and files that steps read. */
const MEMBERS = {
  'input-values': ({ inputs }: Stage) => inputs.some(({ value }) => value !== undefined),
  resources: ({ resources }: Stage) => resources !== undefined,
} as const;

/** A version may require these of a library (`requires.features`), and this one has them. */
export const CAPABILITIES: readonly string[] = [
  ...stepFeatures(Object.values(OTHER_STEPS).flat()),
  ...Object.keys(LEARNT),
  ...Object.keys(MEMBERS),
  'features',
  'health',
  'stages',
];

/** A library must have all of these to serve a version; otherwise it passes the version over. */
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
  return names.filter((name) => !FIRST_NAMES.includes(name)).map((name) => `step:${name}`);
}
