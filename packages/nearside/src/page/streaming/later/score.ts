import type { Scored, ScoreOptions } from '../../../shared/api/model.js';
import type { Input, RunOptions, RunResult } from '../../../shared/api/run.js';
import type { Results } from '../../../shared/api/streams.js';
import { checkOptions } from '../../../shared/check-options.js';
import { kindWords } from '../../../shared/kind-words.js';
import {
  FUNCTION,
  NO_OPTIONS,
  type OptionKinds,
  ownOptions,
} from '../../../shared/option-kinds.js';
import { RUN_KINDS } from '../../options/call-options.js';
import { refuseInput } from '../../running/later/refuse-input.js';
import type { RunnerOptions, SeriesItem } from '../../running/run-model.js';
import { snapshotInput } from '../../running/snapshot-input.js';
import type { Handover } from '../../serving/handover.js';
import { OrderedPipe, openSource, type Passing, requireSource } from '../ordered-pipe.js';

/** So many inputs are begun and not read as results: enough for full batches. */
const IN_FLIGHT = 48;

const { signal, topK, priority } = RUN_KINDS;
const KINDS: OptionKinds<keyof ScoreOptions> = {
  from: {
    fits: (from: unknown) => Number.isSafeInteger(from) && Number(from) >= 0,
    expected: 'an index from 0 on',
    error: RangeError,
  },
  onProgress: FUNCTION,
  signal,
  topK,
  priority,
};

/** The model, as a score uses it. */
export interface ScoreWork {
  run(input: Input, options: RunOptions): Promise<RunResult>;
  /** Aborts when the model is closed. */
  readonly closing: AbortSignal;
}

interface Entry extends Passing {
  readonly index: number;
}

/**
 * Runs many inputs at full speed, in their order, with few of them in memory. Each result comes as soon as it and those
 * before it are there; leaving the loop aborts the runs. To go on after an interruption, pass `from: lastIndex + 1`.
 *
 * `next()` rejects once, and it is over: with `signal.reason` on abort and `closed`, at once; with an error of the
 * iterable or of `onProgress`, after the results before.
 *
 * @throws TypeError or RangeError for wrong options
 */
export function scoreWith(
  { run, closing }: ScoreWork,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  asked: ScoreOptions = NO_OPTIONS,
): Results<Scored> {
  const options = ownOptions(asked);
  checkOptions('score', options, KINDS, { words: kindWords });
  requireSource('score', inputs);
  const { from = 0, onProgress, signal, topK, priority = 'background' } = options;
  const total = lengthOf(inputs);
  const leaving = new AbortController();
  let given = 0;
  let done = 0;
  let failed = 0;

  const pipe: OrderedPipe<Entry, Scored> = new OrderedPipe(openSource(inputs), {
    signals: signal ? [signal, closing] : [closing],
    hasRoom: () => pipe.taken.length < IN_FLIGHT,
    take(input) {
      const entry = { index: given };
      given += 1;
      if (entry.index < from || pipe.isOver) return;
      pipe.taken.push(entry);
      void pipe.settle(entry, () => run(input, { signal: leaving.signal, topK, priority }));
    },
    hand({ index }, outcome) {
      pipe.give(outcome.ok ? { index, ...outcome.result } : { index, error: outcome.error });
      done += 1;
      if (!outcome.ok) failed += 1;
      onProgress?.({ done, failed, total: total === undefined ? undefined : total - from });
    },
    end: (_, reason) => leaving.abort(reason),
  });
  return pipe.results;
}

function lengthOf(inputs: Iterable<Input> | AsyncIterable<Input>): number | undefined {
  const { length, size } = inputs as { length?: unknown; size?: unknown };
  const found = length ?? size;
  return typeof found === 'number' ? found : undefined;
}

/** The model, as a series of inputs uses it: a stream or a score. */
export interface SeriesContext {
  readonly handover: Handover;
  readonly runItem: (item: SeriesItem, options: RunOptions) => Promise<RunResult>;
  /** Aborts when the model is closed. */
  readonly closing: AbortSignal;
  /** Takes what is neither tensors nor a picture. */
  readonly takeOther?: RunnerOptions['takeOther'];
}

/**
 * Runs many inputs on a model as frames of a stream are run: they are few at a time, so they may wait however many calls
 * wait, and take nobody's place.
 *
 * @throws as {@link scoreWith}
 */
export function scoreModel(
  { handover, runItem, closing, takeOther }: SeriesContext,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options?: ScoreOptions,
): Results<Scored> {
  const run = (input: Input, runOptions: RunOptions) => {
    const take = () =>
      snapshotInput(input, handover.current.version.spec, {
        transfer: false,
        takeOther,
        refuse: refuseInput,
      });
    return runItem(
      { take, input, held: undefined, together: undefined, series: 'score' },
      runOptions,
    );
  };
  return scoreWith({ run, closing }, inputs, options);
}
