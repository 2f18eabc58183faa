import {
  callerInputs,
  type ModelSpec,
  NearsideError,
  type Stage,
  type StagedSpec,
  stagesOf,
} from '@nearside/core';
import { compileLink, type Known, requireNames } from './chain.js';
import { beginFlow, type Flow, type RunningStage } from './flow.js';
import { readStage, type StageSteps } from './read-stage.js';
import type { Context } from './step.js';
import { FIRST_STEPS, OTHER_STEPS, type Part, type StepTable } from './step-table.js';

/** A pipeline needs these of a spec. */
export type PipelineSpec = Pick<ModelSpec, 'name' | 'limits'> &
  StagedSpec &
  Partial<Pick<ModelSpec, 'features'>>;

/** Input → items for the model, and its outputs for them → a result: the steps of a spec, ready to be used. */
export interface Pipeline {
  /**
   * Begins a call, or a stream, whose pieces then follow each other.
   *
   * @param isWhole whether one input is all that comes: false for a stream
   */
  begin(options?: { readonly isWhole?: boolean }): Flow;
}

export interface CompileOptions {
  /** The files that the spec names, by their names in the version; none by default. */
  readonly resources?: ReadonlyMap<string, Uint8Array>;
  /** Where {@link needsStepsFile} says so. */
  readonly stepsFile?: StepTable | undefined;
}

/**
 * Reads the steps of a spec, checks that they fit each other and the models, and has them prepare themselves: once
 * for each session. Where the spec leaves the tensors to the model's file, only the steps are checked.
 *
 * @throws NearsideError `metadata-malformed` for steps or parameters that do not exist; `model-invalid` for steps or
 *   resources that do not fit, naming stage, part and step
 */
export function compilePipeline(
  spec: PipelineSpec,
  { resources = new Map(), stepsFile }: CompileOptions = {},
): Pipeline {
  requireSteps(spec);
  const read = readStages(spec, stepsFile);
  const isAlone = read.length === 1;
  const stages = read.map((stage) => compileStage(stage, { resources, isAlone }));
  return {
    begin: ({ isWhole = true } = {}) =>
      beginFlow(
        stages.map((begin) => begin()),
        { spec, isWhole },
      ),
  };
}

/**
 * Checks what {@link compilePipeline} would make but for resources, and throws as it does. Without the steps of
 * `steps.js`, where {@link needsStepsFile} says so, only names are checked.
 */
export function checkPipeline(spec: PipelineSpec, stepsFile?: StepTable): void {
  requireSteps(spec);
  if (stepsFile || !needsStepsFile(spec)) readStages(spec, stepsFile);
}

const PARTS = ['preprocessing', 'postprocessing'] as const satisfies Part[];

function requireSteps(spec: PipelineSpec): void {
  for (const stage of stagesOf(spec)) {
    for (const part of PARTS) requireNames(stage[part], { stage: stage.name, part });
  }
}

/** True where some step is in `steps.js`, and not in every worker. */
export function needsStepsFile(spec: PipelineSpec): boolean {
  return stagesOf(spec).some((stage) =>
    PARTS.some((part) => stage[part].some(({ step }) => OTHER_STEPS[part].includes(step))),
  );
}

interface StageOfSpec extends StageSteps {
  readonly stage: Stage;
  readonly context: Context;
}

function readStages(
  spec: PipelineSpec,
  { preprocessing, postprocessing }: StepTable = { preprocessing: [], postprocessing: [] },
): readonly StageOfSpec[] {
  const steps: StepTable = {
    preprocessing: [...FIRST_STEPS.preprocessing, ...preprocessing],
    postprocessing: [...FIRST_STEPS.postprocessing, ...postprocessing],
  };
  const stages = stagesOf(spec);
  const all: StageOfSpec[] = [];
  let start: Known = { kind: 'input', form: {} };
  for (const [i, stage] of stages.entries()) {
    const isLast = i === stages.length - 1;
    const context = contextOf(spec, { stage, isFirst: i === 0 });
    const one = readStage(stage, { steps, start, isMany: i > 0, isLast, context });
    all.push({ stage, context, ...one });
    start = one.end;
  }
  return all;
}

function contextOf(
  { limits, features = [] }: PipelineSpec,
  { stage, isFirst }: { readonly stage: Stage; readonly isFirst: boolean },
): Context {
  const resources = Object.keys(stage.resources ?? {});
  const inputs = callerInputs(stage);
  return { maxPixels: limits.maxInputPixels, features, isFirst, inputs, resources };
}

function compileStage(
  { stage, context, before, makeInputs, after, readOutputs }: StageOfSpec,
  options: {
    readonly resources: ReadonlyMap<string, Uint8Array>;
    readonly isAlone: boolean;
  },
): () => RunningStage {
  const { resources, isAlone } = options;
  function readText(name: string): string {
    const bytes = resources.get(stage.resources?.[name] ?? '');
    if (bytes) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    throw new NearsideError('model-invalid', `Expected resource '${name}' to be loaded, got none.`);
  }
  const compile = (links: StageSteps['before']) =>
    links.map((link, i) => {
      const after = isAlone ? links[i + 1] : undefined;
      const next = after && { step: after.step.name, parameters: after.parameters };
      return compileLink(link, { context, readText, next });
    });
  const beginBefore = compile(before);
  const beginAfter = compile(after);
  return () => ({
    inputs: context.inputs,
    makeInputs,
    readOutputs,
    before: beginBefore.map((begin) => begin()),
    after: beginAfter.map((begin) => begin()),
  });
}
