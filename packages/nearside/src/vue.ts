import type { Output } from '@nearside/pipeline';
import {
  type ComputedRef,
  computed,
  type MaybeRefOrGetter,
  shallowRef,
  toRaw,
  toValue,
  watchEffect,
} from 'vue';
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

/** Each field of a state as a ref of its own. What it holds is not made reactive. */
type Refs<State> = { readonly [Name in keyof State]: ComputedRef<State[Name]> };

/**
 * Opens a model with the first component that asks for it, and closes it a second after the last one has left. All have the
 * same model; none closes it. Options of equal values are the same options, functions of the same source too.
 * Nothing is opened on a server, or for undefined.
 */
export function useModel<Task extends TaskName>(
  url: MaybeRefOrGetter<string | undefined>,
  options: MaybeRefOrGetter<SharedOptions & { readonly task: Task }>,
): Refs<ModelState<ModelOf<Task>>>;
export function useModel<Given = Input, Result = Output>(
  reference: MaybeRefOrGetter<ModelReference<Given, Result> | undefined>,
  options?: MaybeRefOrGetter<SharedOptions | undefined>,
): Refs<ModelState<TaskModel<Given, Result>>>;
export function useModel(
  url: MaybeRefOrGetter<string | undefined>,
  options: MaybeRefOrGetter<SharedOptions>,
): Refs<ModelState>;
export function useModel(
  reference: MaybeRefOrGetter<Reference | undefined>,
  options?: MaybeRefOrGetter<SharedOptions | undefined>,
): Refs<ModelState> {
  const state = shallowRef<ModelState>(PENDING);
  watchEffect((onLeave) => {
    const asked = askFor(toValue(reference), toValue(options));
    onLeave(
      joinModel(asked, () => {
        state.value = stateOf(asked);
      }),
    );
  });
  return refsOf(state);
}

/**
 * Runs an input once both are there, and each input that is another one, which aborts the run before. A record is the same
 * input where its values are, any other where it is the same object.
 */
export function useRun<Given extends Input>(
  model: MaybeRefOrGetter<RunsAny | undefined>,
  input: MaybeRefOrGetter<Given | null | undefined>,
): Refs<RunState<ResultOf<Given>>>;
export function useRun<Given, Result>(
  model: MaybeRefOrGetter<Runs<Given, Result> | undefined>,
  input: MaybeRefOrGetter<Given | null | undefined>,
): Refs<RunState<Result>>;
export function useRun(
  model: MaybeRefOrGetter<Runs<never, unknown> | undefined>,
  input: MaybeRefOrGetter<unknown>,
): Refs<RunState<unknown>> {
  const ended = shallowRef<LastRun>();
  const asked = computed(() => ({
    model: toRaw(toValue(model)),
    input: toRaw(toValue(input)),
    key: valueKey(toValue(input)),
  }));
  watchEffect((onLeave) => {
    onLeave(
      startRun(asked.value, (now) => {
        ended.value = now;
      }),
    );
  });
  return refsOf(computed(() => stateOfRun(ended.value, asked.value)));
}

function refsOf<State extends object>(state: { readonly value: State }): Refs<State> {
  const names = Object.keys(state.value) as (keyof State)[];
  const refs = names.map((name) => [name, computed(() => state.value[name])]);
  return Object.fromEntries(refs) as Refs<State>;
}
