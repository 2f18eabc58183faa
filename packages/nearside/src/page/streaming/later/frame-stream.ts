import { createHistogram, type ErrorCode, isNearsideError, quantile, record } from '@nearside/core';
import type { Input, RunResult } from '../../../shared/api/run.js';
import type {
  ModelStream,
  Streamed,
  StreamOptions,
  StreamStats,
} from '../../../shared/api/streams.js';
import { checkOptions } from '../../../shared/check-options.js';
import { kindWords } from '../../../shared/kind-words.js';
import {
  NO_OPTIONS,
  type OptionKinds,
  oneOf,
  ownOptions,
  WHOLE_ABOVE_0,
} from '../../../shared/option-kinds.js';
import type { WireInput } from '../../../shared/protocol.js';
import { oneMacrotask } from '../../../shared/timers.js';
import { RUN_KINDS } from '../../options/call-options.js';
import type { SeriesItem } from '../../running/run-model.js';
import { releaseSnapshot } from '../../running/snapshot-input.js';
import {
  OrderedPipe,
  type Outcome,
  openSource,
  type Passing,
  requireSource,
} from '../ordered-pipe.js';

/** So many groups of frames are under way: one that runs, one more posted to hide the round trip. */
const GROUPS = 2;
/** ±4.33 %, as all latencies. */
const LAG_SCALE = 3;

/** The model, as a stream uses it. */
export interface FrameWork {
  /** Takes an input as it is now. @throws when it does not fit */
  take(input: Input): WireInput | Promise<WireInput>;
  /** Frames from here on know nothing of those before. */
  begin(): Episode;
  /** Called once, when the stream is over. @param dropped frames that newer ones have replaced */
  end(dropped: number): void;
  /** Each ends the stream with its reason. */
  readonly signals: readonly AbortSignal[];
}

/** The frames between two resets, with their state, where the model has some. */
export interface Episode {
  run(frame: SeriesItem): Promise<RunResult>;
  /** Lets go of the frames that run, and of the state. */
  end(): void;
}

interface Entry extends Passing {
  readonly index: number;
  readonly arrivedMs: number;
  readonly input: Promise<WireInput> | WireInput | undefined;
  /** Undefined while a picture of the input is being made. */
  take?: SeriesItem['take'];
}

/** Takes frames from a source, has them run in order and in bounded numbers, and hands results on. */
export function createFrameStream(
  source: Iterable<Input> | AsyncIterable<Input>,
  options: CheckedStreamOptions,
  work: FrameWork,
): ModelStream {
  const frames = new Frames(source, options, work);
  return {
    ...frames.results,
    reset: () => frames.reset(),
    get stats() {
      return frames.stats;
    },
  };
}

/** The frames of one stream. */
class Frames {
  readonly #options: CheckedStreamOptions;
  readonly #work: FrameWork;
  readonly #pace = createFramePace();
  readonly #lag = createHistogram(LAG_SCALE);
  readonly #counts = { frames: 0, dropped: 0, skipped: 0 };
  readonly #pipe: OrderedPipe<Entry, Streamed>;
  #episode: Episode;
  /** So many of those taken are begun; the others wait, for room or until their pictures are made. */
  #begun = 0;

  constructor(
    source: Iterable<Input> | AsyncIterable<Input>,
    options: CheckedStreamOptions,
    work: FrameWork,
  ) {
    const inputs = openSource(source);
    this.#options = options;
    this.#work = work;
    this.#episode = work.begin();
    this.#pipe = new OrderedPipe(inputs, {
      signals: work.signals,
      hasRoom: () => this.#dropsOldest || this.#pipe.taken.length < this.#mostBegun,
      take: (input) => this.#take(input),
      begin: () => this.#begin(),
      observe: (entry, result) => this.#observe(entry, result),
      hand: (entry, outcome) => this.#hand(entry, outcome),
      end: (left) => this.#end(left),
    });
  }

  get results() {
    return this.#pipe.results;
  }

  get stats(): StreamStats {
    const lag = this.#lag;
    return { ...this.#counts, lagMs: { p50: quantile(lag, 0.5), p95: quantile(lag, 0.95) } };
  }

  reset(): void {
    if (this.#pipe.isOver) return;
    const left = this.#pipe.taken.splice(0);
    this.#counts.dropped += this.#begun;
    this.#drop(left.slice(this.#begun));
    this.#begun = 0;
    this.#episode.end();
    this.#episode = this.#work.begin();
    this.#pipe.advance();
  }

  get #dropsOldest(): boolean {
    return this.#options.backpressure === 'drop-oldest';
  }

  /** So many frames may be begun and unread: enough to keep the worker busy, and no staler than they must be. */
  get #mostBegun(): number {
    return this.#dropsOldest
      ? GROUPS
      : Math.min(this.#options.maxWaiting, GROUPS * this.#pace.together);
  }

  async #take(input: Input): Promise<void> {
    const pipe = this.#pipe;
    const entry = this.#enter(input);
    if (pipe.isOver) {
      release([entry]);
      return;
    }
    this.#counts.frames += 1;
    pipe.taken.push(entry);
    pipe.advance();
    if (!this.#dropsOldest) return;
    const tooMany = pipe.taken.length - this.#begun - this.#options.maxWaiting;
    if (tooMany > 0) this.#drop(pipe.taken.splice(this.#begun, tooMany));
    if (tooMany >= 0) await oneMacrotask(); // results that have arrived come before a drop
  }

  #enter(input: Input): Entry {
    const arrived = { index: this.#counts.frames, arrivedMs: performance.now() };
    try {
      const taken = this.#work.take(input);
      if (!(taken instanceof Promise)) return { ...arrived, input: taken, take: () => taken };
      const entry: Entry = { ...arrived, input: taken };
      const settle = (take: SeriesItem['take']) => {
        entry.take = take;
        this.#pipe.advance();
      };
      taken.then(
        (input) => settle(() => input),
        (error) => settle(() => rethrow(error)),
      );
      return entry;
    } catch (error) {
      return { ...arrived, input: undefined, take: () => rethrow(error) };
    }
  }

  /** Beside frames that run only a whole group is begun: begun as they come, they would cross in ones and twos. */
  #begin(): void {
    const { taken } = this.#pipe;
    const together = Math.max(1, Math.floor(this.#mostBegun / GROUPS));
    for (;;) {
      const room = taken.slice(this.#begun, this.#mostBegun);
      const unready = room.findIndex(({ take }) => !take);
      const ready = unready === -1 ? room : room.slice(0, unready);
      const isBusy = taken.slice(0, this.#begun).some(({ outcome }) => !outcome);
      if (ready.length < (isBusy ? together : 1)) return;
      for (const entry of ready.slice(0, together)) {
        this.#begun += 1;
        const take = entry.take as SeriesItem['take'];
        const series = 'stream';
        const frame: SeriesItem = { take, together, input: undefined, held: undefined, series };
        void this.#pipe.settle(entry, () => this.#episode.run(frame));
      }
    }
  }

  #observe({ arrivedMs }: Entry, { meta }: RunResult): void {
    this.#pace.observe((meta.preMs + meta.runMs + meta.postMs) / meta.batch);
    record(this.#lag, performance.now() - arrivedMs);
  }

  /** @throws the error of a frame that ends the stream */
  #hand({ index }: Entry, outcome: Outcome): void {
    this.#begun -= 1;
    if (outcome.ok) this.#pipe.give({ index, ...outcome.result });
    else if (this.#options.onError !== 'skip' || !isSkippable(outcome.error)) throw outcome.error;
    else this.#counts.skipped += 1;
  }

  #drop(entries: readonly Entry[]): void {
    this.#counts.dropped += entries.length;
    release(entries);
  }

  #end(left: readonly Entry[]): void {
    release(left.slice(this.#begun));
    this.#episode.end();
    this.#work.end(this.#counts.dropped);
  }
}

function release(entries: readonly Entry[]): void {
  for (const { input } of entries) if (input) releaseSnapshot(input);
}

function rethrow(error: unknown): never {
  throw error;
}

export const PACE_LIMITS = Object.freeze({
  /** Frames that cross together leave others no turn for so long, ms: half of a display's frame. */
  sliceMs: 8,
  /** So many frames share the cost of a message, which is small then: a window of Silero VAD takes 0.2 ms. */
  together: 32,
});

/** Says how many frames of a stream cross to the worker together: one, until it is known how long they take. */
export function createFramePace() {
  let frameMs: number | undefined;
  return {
    /** From 1 on. */
    get together() {
      if (frameMs === undefined) return 1;
      const { sliceMs, together } = PACE_LIMITS;
      // Some browsers' clocks are too coarse for a short run, which then took 0 ms.
      return Math.max(1, Math.min(together, Math.floor(sliceMs / frameMs)));
    },
    /** @param workMs time that one frame took in the worker */
    observe(workMs: number): void {
      frameMs = frameMs === undefined ? workMs : (frameMs + workMs) / 2;
    },
  };
}

/**
 * Errors of one frame alone: it does not fit, the app's own task throws for it, or it was lost with a worker that is
 * replaced. A backend that fails is not among them: it would fail at each frame that comes.
 */
const CODES: readonly ErrorCode[] = [
  'input-invalid',
  'input-detached',
  'input-too-large',
  'decode-failed',
  'task-failed',
  'worker-lost',
  'device-lost',
  'terminated',
];

/** A stream may go on without this frame. */
export function isSkippable(error: unknown): boolean {
  return isNearsideError(error) && CODES.includes(error.code);
}

export const STREAM_DEFAULTS = Object.freeze({
  /** Frames taken and not yet read: two messages of the most frames that cross together. */
  maxAhead: 64,
  /** Frames that wait for the worker where the oldest is dropped: a camera has some ten in all. */
  maxWaiting: 4,
});

const { signal, priority, topK, transfer } = RUN_KINDS;

const KINDS: OptionKinds<keyof StreamOptions> = {
  backpressure: oneOf(['wait', 'drop-oldest']),
  maxWaiting: WHOLE_ABOVE_0,
  onError: oneOf(['end', 'skip']),
  signal,
  priority,
  topK,
  transfer,
};

/** @throws TypeError or RangeError, naming the option, expected and got */
export function checkStreamOptions(
  source: Iterable<Input> | AsyncIterable<Input>,
  given: StreamOptions = NO_OPTIONS,
) {
  const options = ownOptions(given);
  checkOptions('stream', options, KINDS, { words: kindWords });
  requireSource('stream', source);
  const { backpressure = 'wait', maxWaiting, onError = 'end', ...others } = options;
  const ofRuns = { signal: undefined, priority: undefined, topK: undefined, transfer: undefined };
  const { maxAhead, maxWaiting: fewest } = STREAM_DEFAULTS;
  const most = backpressure === 'wait' ? maxAhead : fewest;
  const run: Pick<StreamOptions, keyof typeof ofRuns> = { ...ofRuns, ...others };
  return { ...run, backpressure, onError, maxWaiting: maxWaiting ?? most } as const;
}

export type CheckedStreamOptions = ReturnType<typeof checkStreamOptions>;
