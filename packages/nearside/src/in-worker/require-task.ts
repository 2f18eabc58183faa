import { BUILT_IN_TASKS, isBuiltInTask, type ModelSpec, NearsideError } from '@nearside/core';
import type { Tasks } from '../task.js';

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
