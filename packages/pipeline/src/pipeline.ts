import {
  callerInputs,
  checkTensors,
  type ModelSpec,
  NearsideError,
  type Stage,
  type StagedSpec,
  type Substitution,
  stagesOf,
  type Tensors,
} from '@nearside/core';
import { compileLink, type Known, requireNames } from './chain.js';
import { readStage, type StageSteps } from './read-stage.js';
import type { Call, Context, Item, Kernel, Kind } from './step.js';
import { FIRST_STEPS, OTHER_STEPS, type Part, type StepTable } from './step-table.js';
import { NO_TRACE, type Trace } from './trace.js';

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

export interface Flow {
  /**
   * One input → the items that the first model is to run.
   *
   * @throws NearsideError what a step says of the input: `input-invalid`, `decode-failed`, …; `signal.reason`
   */
  prepare(input: unknown, options?: InputOptions): Promise<Prepared>;
  /** As `prepare`, for items that were made elsewhere. */
  take(items: readonly Tensors[], options?: InputOptions): Prepared;
}

export interface InputOptions {
  readonly signal?: AbortSignal | undefined;
  /** Replaces the spec's `top_k`. */
  readonly topK?: number | undefined;
  /** Features that the input leaves out, and of which only values are known that are too old. */
  readonly stale?: readonly string[] | undefined;
  /** Told of every feature that a default stands in for. */
  readonly onSubstitute?: ((feature: string, reason: Substitution) => void) | undefined;
}

/** A model is to run these items for one input. */
export interface Prepared {
  readonly isDone: false;
  /** Which of the spec's stages the model is. */
  readonly stage: number;
  /** The model runs once for each, with a batch axis of 1. There may be none. */
  readonly items: readonly Tensors[];
  /**
   * @param outputs of the model for each item, in their order
   * @returns what the next model is to run, or the result
   * @throws NearsideError what a step says of it; `backend-failed` for outputs that nothing can be made of
   */
  finish(outputs: readonly Tensors[]): Promise<Prepared | Finished>;
  /** Frees what is held of the input where `finish` is not called, or gave something to run. Safe to call twice. */
  release(): void;
}

export interface Finished {
  readonly isDone: true;
  readonly output: unknown;
  /** For drift statistics: by distribution, what this result adds to it. */
  readonly observed: ReadonlyMap<string, number | string>;
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

/** A stage within a call or a stream. */
interface RunningStage {
  readonly inputs: Context['inputs'];
  readonly before: readonly Kernel<Kind, Kind>[];
  readonly after: readonly Kernel<Kind, Kind>[];
  readonly makeInputs: StageSteps['makeInputs'];
  readonly readOutputs: StageSteps['readOutputs'];
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

function beginFlow(
  stages: readonly RunningStage[],
  { spec, isWhole }: { spec: PipelineSpec; isWhole: boolean },
): Flow {
  const isMany = stages.length > 1;

  /** Begins the way of one input. */
  function beginInput({ signal, topK, stale = [], onSubstitute }: InputOptions = {}) {
    const observed = new Map<string, number | string>();
    const held: (() => void)[] = [];
    const call: Call = {
      signal,
      topK,
      isWhole,
      stale,
      defer: (release) => held.push(release),
      observe: (distribution, value) => observed.set(distribution, value),
      substitute: onSubstitute ?? (() => {}),
    };

    function release(): void {
      for (const end of held.splice(0)) end();
    }

    /** Releases what is held when the work fails. */
    async function orRelease<Value>(work: () => Promise<Value>): Promise<Value> {
      try {
        return await work();
      } catch (error) {
        release();
        throw error;
      }
    }

    const prepareStage = (index: number, given: readonly Item[]) =>
      orRelease(async () => {
        const { inputs, before, makeInputs } = stages[index] as RunningStage;
        if (before.length === 0 || inputs.length === 0) throw noPreprocessing(spec);
        // A later stage begins with what an earlier one found, which is no input.
        const noting = index === 0 ? call : { ...call, observe() {} };
        const items = await applyKernels(before, given, noting);
        const tensors = items.map(({ value }) => {
          const made = makeInputs(value);
          checkTensors(made, inputs);
          return made;
        });
        if (!isMany) release(); // nothing looks at the input again
        const traces = items.map(({ trace }) => trace);
        return toRun(index, tensors, traces);
      });

    function toRun(index: number, items: readonly Tensors[], traces: readonly Trace[]): Prepared {
      const finish = (outputs: readonly Tensors[]) =>
        orRelease(async () => {
          const { readOutputs, after } = stages[index] as RunningStage;
          const given = outputs.map((one, i) => ({
            value: readOutputs(one),
            trace: { ...traces[i], inputs: items[i] },
          }));
          const found = await applyKernels(after, given as readonly Item[], call);
          if (index + 1 < stages.length) return prepareStage(index + 1, found);
          release();
          const results = found.map(({ value }) => value);
          const output = results.length === 1 ? results[0] : results;
          return { isDone: true, output, observed } as const;
        });
      return { isDone: false, stage: index, items, finish, release };
    }

    return { prepareStage, toRun };
  }

  return {
    prepare: (input, options) =>
      beginInput(options).prepareStage(0, [{ value: input, trace: NO_TRACE }]),
    take: (items, options) => beginInput(options).toRun(0, items, []),
  };
}

async function applyKernels(
  kernels: readonly Kernel<Kind, Kind>[],
  given: readonly Item[],
  call: Call,
): Promise<readonly Item[]> {
  let items = given;
  for (const kernel of kernels) {
    call.signal?.throwIfAborted();
    const next = kernel(items, call);
    items = next instanceof Promise ? await next : next; // most steps need no turn of their own
  }
  return items;
}

function noPreprocessing({ name }: PipelineSpec): NearsideError {
  return new NearsideError(
    'input-invalid',
    `Model '${name}' has no preprocessing: expected { tensors }, got raw input.`,
  );
}
