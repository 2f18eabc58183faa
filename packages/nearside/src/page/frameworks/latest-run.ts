import type { LabelScore } from '@nearside/pipeline';
import type { ImageInput, Input, RunMeta, RunResult, TensorInput } from '../../shared/api/run.js';

/** How the run of an input goes. */
export interface RunState<Result> {
  /** The last result: while a newer input runs, that of the one before. */
  readonly output: Result | undefined;
  readonly meta: RunMeta | undefined;
  /** Why the run of this input failed. */
  readonly error: Error | undefined;
  readonly isRunning: boolean;
}

/** An open model, as far as a run needs it. */
export interface Runs<Given, Result> {
  run(input: Given, options?: { readonly signal?: AbortSignal }): Promise<RunResult<Result>>;
}

/** An open model that takes any input: it was opened by its address, without its task. */
export interface RunsAny {
  readonly run: (input: Input) => Promise<RunResult>;
}

/** Results of such a model, as its `run` has them. */
export type ResultOf<Given> = Given extends ImageInput
  ? readonly LabelScore[]
  : Given extends TensorInput
    ? TensorInput
    : Awaited<ReturnType<RunsAny['run']>>['output'];

/** A run as a component asks for it. */
export interface AskedRun {
  readonly model: Runs<never, unknown> | undefined;
  readonly input: unknown;
  /** Inputs of one key are the same input. */
  readonly key: unknown;
}

/** The run that ended last. */
export interface LastRun
  extends Partial<Omit<RunState<unknown>, 'isRunning'>>,
    Omit<AskedRun, 'input'> {}

export const IDLE: RunState<never> = {
  output: undefined,
  meta: undefined,
  error: undefined,
  isRunning: false,
};

/** @returns aborts the run, of which nothing is told then */
export function startRun(
  { model, input, key }: AskedRun,
  tell: (ended: LastRun) => void,
): () => void {
  const leaving = new AbortController();
  const { signal } = leaving;
  const end = (how: Omit<LastRun, 'model' | 'key'>) => {
    if (!signal.aborted) tell({ ...how, model, key });
  };
  if (model && isGiven(input)) {
    model.run(input as never, { signal }).then(end, (error: Error) => end({ error }));
  }
  return () => leaving.abort();
}

/** The state to show while these are asked for. The result of another model is none of this one. */
export function stateOfRun<Result>(
  ended: LastRun | undefined,
  { model, input, key }: AskedRun,
): RunState<Result> {
  if (!model || !isGiven(input)) return IDLE;
  const last = ended?.model === model ? ended : undefined;
  const isRunning = last?.key !== key;
  const error = isRunning ? undefined : last?.error;
  return { output: last?.output as Result, meta: last?.meta, error, isRunning };
}

function isGiven(input: unknown): boolean {
  return input !== undefined && input !== null;
}
