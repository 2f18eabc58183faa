/// <reference path="./page/frameworks/framework-types.d.ts" />
import type { Output } from '@nearside/pipeline';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import {
  type LastRun,
  type ResultOf,
  type RunState,
  type Runs,
  type RunsAny,
  startRun,
  stateOfRun,
} from './page/frameworks/latest-run.js';
import {
  askFor,
  joinModel,
  type ModelState,
  PENDING,
  type Reference,
  type SharedOptions,
  stateOf,
} from './page/frameworks/shared-models.js';
import { valueKey } from './page/frameworks/value-key.js';
import type { TaskModel } from './shared/api/model.js';
import type { ModelReference } from './shared/api/open-options.js';
import type { Input } from './shared/api/run.js';
import type { ModelOf, TaskName } from './shared/api/tasks.js';

export type { ModelState, RunState, SharedOptions };

/**
 * Opens a model with the first component that asks for it, and closes it a second after the last one has left. All have the
 * same model; none closes it. Options of equal values are the same options, functions of the same source too.
 * Nothing is opened on a server, or for undefined.
 */
export function useModel<Task extends TaskName>(
  url: string | undefined,
  options: SharedOptions & { readonly task: Task },
): ModelState<ModelOf<Task>>;
export function useModel<Given = Input, Result = Output>(
  reference: ModelReference<Given, Result> | undefined,
  options?: SharedOptions,
): ModelState<TaskModel<Given, Result>>;
export function useModel(url: string | undefined, options: SharedOptions): ModelState;
export function useModel(reference: Reference | undefined, options?: SharedOptions): ModelState {
  const asked = askFor(reference, options);
  const join = useCallback((listener: () => void) => joinModel(asked, listener), [asked.key]);
  return useSyncExternalStore<ModelState>(
    join,
    () => stateOf(asked),
    () => PENDING,
  );
}

/**
 * Runs an input once both are there, and each input that is another one, which aborts the run before. A record is the same
 * input where its values are, any other where it is the same object.
 */
export function useRun<Given extends Input>(
  model: RunsAny | undefined,
  input: Given | null | undefined,
): RunState<ResultOf<Given>>;
export function useRun<Given, Result>(
  model: Runs<Given, Result> | undefined,
  input: Given | null | undefined,
): RunState<Result>;
export function useRun(model: Runs<never, unknown> | undefined, input: unknown): RunState<unknown> {
  const asked = { model, input, key: valueKey(input) };
  const [ended, setEnded] = useState<LastRun>();
  useEffect(() => startRun(asked, setEnded), [model, asked.key]);
  return stateOfRun(ended, asked);
}
