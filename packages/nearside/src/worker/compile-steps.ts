import {
  callerInputs,
  checkTensors,
  isNearsideError,
  type ModelSpec,
  NearsideError,
  ownFields,
  type Tensors,
} from '@nearside/core';
import {
  type CompileOptions,
  checkPipeline,
  compilePipeline,
  type Finished,
  needsStepsFile,
  type Pipeline,
  type Prepared,
  type StepTable,
} from '@nearside/pipeline';
import { messageOf } from '../shared/failures.js';
import type { Task } from './task.js';

/**
 * Leaves out the steps of a spec for which a task has a half of its own.
 *
 * @throws NearsideError `model-invalid` for a task with a half of its own and a spec with several models
 */
function leftToSteps(spec: ModelSpec, task: Task | undefined): ModelSpec {
  if (!task?.preprocess && !task?.postprocess) return spec;
  if (spec.stages) throw severalModels(spec);
  const left = {
    ...spec,
    preprocessing: task.preprocess ? [] : spec.preprocessing,
    postprocessing: task.postprocess ? [] : spec.postprocessing,
  };
  return ownFields(left, 1);
}

/**
 * Throws what {@link compileSteps} would but for resources. Only names are checked of steps in `steps.js` until it is
 * there.
 */
export function checkSteps(spec: ModelSpec, task: Task | undefined, stepsFile?: StepTable): void {
  checkPipeline(leftToSteps(spec, task), stepsFile);
}

/** Where this is true {@link compileSteps} needs `steps.js`. */
export function areInStepsFile(spec: ModelSpec, task: Task | undefined): boolean {
  return needsStepsFile(leftToSteps(spec, task));
}

/**
 * A pipeline in which a task's own halves stand in for the spec's, where it has them.
 *
 * @param options.stepsFile where {@link areInStepsFile} says so
 */
export function compileSteps(
  spec: ModelSpec,
  task: Task | undefined,
  options: CompileOptions,
): Pipeline {
  const compiled = compilePipeline(leftToSteps(spec, task), options);
  if (!task) return compiled;
  const { preprocess, postprocess } = task;
  const finishByOwn = (prepared: Prepared): Prepared =>
    postprocess
      ? { ...prepared, finish: (outputs) => finishByTask(outputs, spec, postprocess) }
      : prepared;
  return {
    begin(options) {
      const flow = compiled.begin(options);
      return {
        async prepare(input, options) {
          if (!preprocess) return finishByOwn(await flow.prepare(input, options));
          return finishByOwn(flow.take([await prepareByTask(input, spec, preprocess)], options));
        },
        take: (items, options) => finishByOwn(flow.take(items, options)),
      };
    },
  };
}

async function prepareByTask(
  input: unknown,
  spec: ModelSpec,
  preprocess: NonNullable<Task['preprocess']>,
): Promise<Tensors> {
  return doHalf(spec, 'preprocess', async () => {
    const made = await preprocess(input, spec);
    try {
      checkTensors(made, callerInputs(spec)); // it has to fit as what a caller gives
    } catch (error) {
      throw new TypeError((error as Error).message); // the task's failure, not the caller's
    }
    return made;
  });
}

async function finishByTask(
  outputs: readonly Tensors[],
  spec: ModelSpec,
  postprocess: NonNullable<Task['postprocess']>,
): Promise<Finished> {
  const output = await doHalf(spec, 'postprocess', async () => {
    const [only] = outputs;
    if (!only || outputs.length > 1) {
      throw new TypeError(`it takes the outputs of one item, and the steps made ${outputs.length}`);
    }
    // Fails here for what cannot cross, and leaves the task its own.
    return structuredClone(await postprocess(only, spec));
  });
  return { isDone: true, output, observed: new Map() };
}

/** Does one half of a task, and gives whatever it throws a code, unless it has one. */
async function doHalf<Value>(
  { name, task }: Pick<ModelSpec, 'name' | 'task'>,
  half: keyof Task,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (isNearsideError(cause)) throw cause;
    const got = messageOf(cause);
    throw new NearsideError(
      'task-failed',
      `${name}: expected ${half} of task '${task}' to return, got: ${got}`,
      { cause, details: { model: name, task, stage: half } },
    );
  }
}

function severalModels({ name, task }: ModelSpec): NearsideError {
  return new NearsideError(
    'model-invalid',
    `${name}: expected a model without \`stages\` for task '${task}', whose own pre- or postprocessing this ` +
      'worker has, got one with them.',
    { details: { model: name, task } },
  );
}
