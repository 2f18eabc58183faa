import {
  BUILT_IN_TASKS,
  isBuiltInTask,
  type ModelSpec,
  NearsideError,
  type Tensors,
} from '@nearside/core';

/**
 * How a model whose `task` the library does not know turns an input into tensors and tensors into a
 * result. A half that is left out is done by the steps of the spec. A `NearsideError` that a half
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
