/// <reference path="./page/frameworks/framework-types.d.ts" />
import type { Output } from '@nearside/pipeline';
import { derived, type Readable, readable } from 'svelte/store';
import {
  IDLE,
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
import type { TaskModel } from './shared/api/model.js';
import type { ModelReference } from './shared/api/open-options.js';
import type { Input } from './shared/api/run.js';
import type { ModelOf, TaskName } from './shared/api/tasks.js';

export type { ModelState, RunState, SharedOptions };

/**
 * Opens a model with the first component that asks for it, and closes it a second after the last one has left. All have the
 * same model; none closes it. Options of equal values are the same options, functions of the same source too.
 * Nothing is opened on a server, or for undefined. A reference that changes comes in a store.
 */
export function useModel<Task extends TaskName>(
  url: MaybeStore<string | undefined>,
  options: SharedOptions & { readonly task: Task },
): Readable<ModelState<ModelOf<Task>>>;
export function useModel<Given = Input, Result = Output>(
  reference: MaybeStore<ModelReference<Given, Result> | undefined>,
  options?: SharedOptions,
): Readable<ModelState<TaskModel<Given, Result>>>;
export function useModel(
  url: MaybeStore<string | undefined>,
  options: SharedOptions,
): Readable<ModelState>;
export function useModel(
  reference: MaybeStore<Reference | undefined>,
  options?: SharedOptions,
): Readable<ModelState> {
  return derived(
    storeOf(reference),
    (now, set: (state: ModelState) => void) => {
      const asked = askFor(now, options);
      return joinModel(asked, () => set(stateOf(asked)));
    },
    PENDING,
  );
}

/**
 * Runs each value of the store `input` on the model that `useModel` gives. It aborts the run before.
 *
 * @param model what `useModel` gave
 */
export function useRun<Given extends Input>(
  model: Readable<ModelState<RunsAny>>,
  input: MaybeStore<Given | null | undefined>,
): Readable<RunState<ResultOf<Given>>>;
export function useRun<Given, Result>(
  model: Readable<ModelState<Runs<Given, Result>>>,
  input: MaybeStore<Given | null | undefined>,
): Readable<RunState<Result>>;
export function useRun(
  model: Readable<ModelState<Runs<never, unknown>>>,
  input: MaybeStore<unknown>,
): Readable<RunState<unknown>> {
  let ended: LastRun | undefined;
  return derived(
    [model, storeOf(input)] as const,
    ([{ model }, input], set: (state: RunState<unknown>) => void) => {
      const asked = { model, input, key: {} }; // a store that is set tells of another input
      const read = () => set(stateOfRun(ended, asked));
      read();
      return startRun(asked, (now) => {
        ended = now;
        read();
      });
    },
    IDLE,
  );
}

/** A value, or a store of values. */
type MaybeStore<Value> = Value | Readable<Value>;

function storeOf<Value>(value: MaybeStore<Value>): Readable<Value> {
  const isStore = typeof value === 'object' && value !== null && 'subscribe' in value;
  return isStore ? value : readable(value as Value);
}
