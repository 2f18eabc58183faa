import {
  BUILT_IN_TASKS,
  callerInputs,
  checkTensors,
  isBuiltInTask,
  isNearsideError,
  type ModelSpec,
  NearsideError,
  ownFields,
  type Tensors,
} from '@nearside/core';
import {
  checkPipeline,
  compilePipeline,
  type Finished,
  type Pipeline,
  type Prepared,
} from '@nearside/pipeline';

/**
 * How a model whose `task` the library does not know turns an input into tensors and tensors into a
 * result. A stage that is left out is done by the steps of the spec. A `NearsideError` that a stage
 * throws (`input-invalid`, say) reaches the caller as it is, anything else as `task-failed`.
 */
export interface Task {
  /**
   * @param input as the caller of `run` gave it, a copy of its own. Bitmaps and frames in it are
   *   closed afterwards
   * @returns every tensor of `spec.inputs` that is neither state nor has a `value`, in buffers that the runtime may keep
   */
  preprocess?(input: unknown, spec: ModelSpec): Tensors | Promise<Tensors>;
  /** @returns the run's `output`: something that can be cloned, or a promise of it */
  postprocess?(tensors: Tensors, spec: ModelSpec): unknown;
}

/** By the name that a spec has as its `task`. */
export type Tasks = Readonly<Record<string, Task>>;

/**
 * What is left to the steps of a spec where a task has stages of its own.
 *
 * @throws NearsideError `model-invalid` for a task with stages of its own and a spec with several models
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

/** Throws what {@link compileStages} would but for resources, before anything of the version is fetched. */
export function checkStages(spec: ModelSpec, task: Task | undefined): void {
  checkPipeline(leftToSteps(spec, task));
}

/** A pipeline in which a task's own stages stand in for the spec's, where it has them. */
export function compileStages(
  spec: ModelSpec,
  task: Task | undefined,
  resources: ReadonlyMap<string, Uint8Array>,
): Pipeline {
  const compiled = compilePipeline(leftToSteps(spec, task), resources);
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
  return doStage(spec, 'preprocess', async () => {
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
  const output = await doStage(spec, 'postprocess', async () => {
    const [only] = outputs;
    if (!only || outputs.length > 1) {
      throw new TypeError(`it takes the outputs of one item, and the steps made ${outputs.length}`);
    }
    // Fails here for what cannot cross, and leaves the task its own.
    return structuredClone(await postprocess(only, spec));
  });
  return { isDone: true, output, observed: new Map() };
}

/** Does one stage of a task, and gives whatever it throws a code, unless it has one. */
async function doStage<Value>(
  { name, task }: Pick<ModelSpec, 'name' | 'task'>,
  stage: keyof Task,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (isNearsideError(cause)) throw cause;
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new NearsideError(
      'task-failed',
      `${name}: expected ${stage} of task '${task}' to return, got: ${got}`,
      { cause, details: { model: name, task, stage } },
    );
  }
}

/**
 * Asked before anything of a version is fetched.
 *
 * @param wanted that the caller expects the model to have
 * @throws NearsideError `task-mismatch` when it has another; `task-unknown` when this worker cannot do it
 */
export function requireTask(
  { name, task }: ModelSpec,
  { tasks, wanted = task }: { tasks: Tasks; wanted?: string | undefined },
): void {
  if (wanted !== task) throw mismatch(name, { wanted, task });
  if (isBuiltInTask(task) || Object.hasOwn(tasks, task)) return;
  const known = [...BUILT_IN_TASKS, ...Object.keys(tasks)];
  throw new NearsideError(
    'task-unknown',
    `${name}: expected a task that this worker knows (${known.join(', ')}), got '${task}'. Pass a ` +
      `worker of your own that calls serve({ backend, tasks: { '${task}': … } }): open(url, { worker }).`,
    { details: { model: name, task, known } },
  );
}

function mismatch(name: string, { wanted, task }: { wanted: string; task: string }): NearsideError {
  return new NearsideError(
    'task-mismatch',
    `${name}: expected a model of task '${wanted}', as \`open\` was told, got one of '${task}'.`,
    { details: { model: name, expected: wanted, got: task } },
  );
}

function severalModels({ name, task }: ModelSpec): NearsideError {
  return new NearsideError(
    'model-invalid',
    `${name}: expected a model without \`stages\` for task '${task}', whose own pre- or postprocessing this ` +
      'worker has, got one with them.',
    { details: { model: name, task } },
  );
}
