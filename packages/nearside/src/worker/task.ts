import {
  BUILT_IN_TASKS,
  isBuiltInTask,
  isNearsideError,
  type ModelSpec,
  NearsideError,
  type Tensors,
} from '@nearside/core';

/**
 * How a model whose `task` the library does not know turns an input into tensors and tensors into a
 * result. A stage that is left out is done by the steps of the spec. A `NearsideError` that a stage
 * throws (`input-invalid`, say) reaches the caller as it is, anything else as `task-failed`.
 */
export interface Task {
  /**
   * @param input as the caller of `run` gave it, a copy of its own. Bitmaps and frames in it are
   *   closed afterwards
   * @returns every tensor of `spec.inputs`, in buffers that the runtime may keep
   */
  preprocess?(input: unknown, spec: ModelSpec): Tensors | Promise<Tensors>;
  /** @returns the run's `output`: something that can be cloned, or a promise of it */
  postprocess?(tensors: Tensors, spec: ModelSpec): unknown;
}

/** By the name that a spec has as its `task`. */
export type Tasks = Readonly<Record<string, Task>>;

/** Does one stage of a task, and gives whatever it throws a code, unless it has one. */
export async function doStage<Value>(
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
 * @throws NearsideError `task-unknown` when this worker cannot do the model's task
 */
export function requireTask({ name, task }: ModelSpec, tasks: Tasks): void {
  if (isBuiltInTask(task) || Object.hasOwn(tasks, task)) return;
  const known = [...BUILT_IN_TASKS, ...Object.keys(tasks)];
  throw new NearsideError(
    'task-unknown',
    `${name}: expected a task that this worker knows (${known.join(', ')}), got '${task}'. Pass a ` +
      `worker of your own that calls serve({ backend, tasks: { '${task}': … } }): open(url, { worker }).`,
    { details: { model: name, task, known } },
  );
}
