import type { TensorInput } from './input.js';
import type { Model, RunOptions, RunResult, ScoreOptions } from './model.js';

/** An open model of a task of the app's own: `open<Result>(url, { trust, worker })`. */
export interface CustomModel<Result> extends Omit<Model, 'run' | 'score'> {
  /** As {@link Model.run}; any other input goes to the task, as a copy, and must be cloneable. */
  run(input: TensorInput, options?: RunOptions): Promise<RunResult<TensorInput>>;
  run(input: unknown, options?: RunOptions): Promise<RunResult<Result>>;
  score(
    inputs: Iterable<unknown> | AsyncIterable<unknown>,
    options?: ScoreOptions,
  ): AsyncGenerator<
    | ({ readonly index: number } & RunResult<Result>)
    | { readonly index: number; readonly error: unknown },
    void,
    undefined
  >;
}
