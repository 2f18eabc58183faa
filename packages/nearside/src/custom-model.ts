import type { TensorInput } from './input.js';
import type {
  Model,
  Profile,
  ProfileOptions,
  RunOptions,
  RunResult,
  Scored,
  ScoreOptions,
} from './model.js';
import type { Results } from './results.js';
import type { ModelStream, StreamOptions } from './streaming/model-stream.js';

/**
 * An open model of a task of the app's own: `open<Result>(url, { trust, worker })`. All that is no
 * {@link TensorInput} goes to the task, as a copy, and must be cloneable.
 */
export interface CustomModel<Result> extends Omit<Model, 'run' | 'score' | 'stream' | 'profile'> {
  /** As {@link Model.run}. */
  run(input: TensorInput, options?: RunOptions): Promise<RunResult<TensorInput>>;
  run(input: unknown, options?: RunOptions): Promise<RunResult<Result>>;
  /** As {@link Model.score}. */
  score(
    inputs: Iterable<unknown> | AsyncIterable<unknown>,
    options?: ScoreOptions,
  ): Results<Scored<Result>>;
  /** As {@link Model.stream}. */
  stream(
    source: Iterable<unknown> | AsyncIterable<unknown>,
    options?: StreamOptions,
  ): ModelStream<Result>;
  /** As {@link Model.profile}. */
  profile(input: unknown, options?: ProfileOptions): Promise<Profile>;
}
