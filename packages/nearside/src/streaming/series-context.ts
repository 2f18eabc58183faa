import type { RunOptions, RunResult } from '../model.js';
import type { Handover } from '../running/handover.js';
import type { RunnerOptions, SeriesItem } from '../running/run-model.js';

/** What a series of inputs, a stream or a score, needs of its model. */
export interface SeriesContext {
  readonly handover: Handover;
  readonly runItem: (item: SeriesItem, options: RunOptions) => Promise<RunResult>;
  /** Aborts when the model is closed. */
  readonly closing: AbortSignal;
  /** Takes what a task of the app's own takes, where there is one. */
  readonly custom?: RunnerOptions['snapshotCustom'];
}
