import { createHistogram, type ErrorCode, isNearsideError, quantile, record } from '@nearside/core';
import type { Input, RunResult } from '../../../shared/api/run.js';
import type { ModelStream, Streamed, StreamOptions } from '../../../shared/api/streams.js';
import {
  checkOptions,
  NO_OPTIONS,
  type OptionKinds,
  oneOf,
  ownOptions,
  WHOLE_ABOVE_0,
} from '../../../shared/check-options.js';
import type { WireInput } from '../../../shared/protocol.js';
import { oneMacrotask } from '../../../shared/timers.js';
import { RUN_KINDS } from '../../options/call-options.js';
import type { SeriesItem } from '../../running/run-model.js';
import { releaseSnapshot } from '../../running/snapshot-input.js';
import {
  createOrderedPipe,
  type OrderedPipe,
  type Outcome,
  openSource,
  type Passing,
  requireSource,
} from '../ordered-pipe.js';

/** Groups of frames that are under way: one that runs, one more posted to hide the round trip. */
const GROUPS = 2;
/** ±4.33 %, as all latencies. */
const LAG_SCALE = 3;

/** What frames are given to. */
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

/** What frames have in common between two resets: state, where the model has some. */
export interface Episode {
  run(frame: SeriesItem): Promise<RunResult>;
  /** Lets go of the frames that run, and of the state. */
  end(): void;
}

interface Entry extends Passing {
  readonly index: number;
  readonly arrivedMs: number;
  readonly input: Promise<WireInput> | WireInput | undefined;
  /** What a run of it takes; undefined while a picture of it is being made. */
  take?: SeriesItem['take'];
}

/** Takes frames from a source, has them run in order and in bounded numbers, and hands results on. */
export function createFrameStream(
  source: Iterable<Input> | AsyncIterable<Input>,
  { backpressure, maxWaiting, onError }: CheckedStreamOptions,
  work: FrameWork,
): ModelStream {
  const frames = openSource(source);
  const pace = createFramePace();
  const lag = createHistogram(LAG_SCALE);
  const counts = { frames: 0, dropped: 0, skipped: 0 };
  let episode = work.begin();
  /** So many of those taken are begun; the others wait, for room or until what they show is there. */
  let begun = 0;

  const pipe: OrderedPipe<Entry, Streamed> = createOrderedPipe(frames, {
    signals: work.signals,
    hasRoom: () => backpressure === 'drop-oldest' || pipe.taken.length < mostBegun(),
    take,
    begin,
    observe,
    hand,
    end(left) {
      release(left.slice(begun));
      episode.end();
      work.end(counts.dropped);
    },
  });

  /** Begun frames that may be unread: enough to keep the worker busy, and no staler than they must be. */
  function mostBegun(): number {
    if (backpressure === 'drop-oldest') return GROUPS;
    return Math.min(maxWaiting, GROUPS * pace.together);
  }

  async function take(input: Input): Promise<void> {
    const entry = enter(input);
    if (pipe.isOver) {
      release([entry]);
      return;
    }
    counts.frames += 1;
    pipe.taken.push(entry);
    pipe.advance();
    if (backpressure === 'wait') return;
    const tooMany = pipe.taken.length - begun - maxWaiting;
    if (tooMany > 0) drop(pipe.taken.splice(begun, tooMany));
    if (tooMany >= 0) await oneMacrotask(); // results that have arrived come before a drop
  }

  function enter(input: Input): Entry {
    const arrived = { index: counts.frames, arrivedMs: performance.now() };
    try {
      const taken = work.take(input);
      if (!(taken instanceof Promise)) return { ...arrived, input: taken, take: () => taken };
      const entry: Entry = { ...arrived, input: taken };
      const settle = (take: SeriesItem['take']) => {
        entry.take = take;
        pipe.advance();
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

  /** Beside frames that run only a whole group is begun: as they come, they would cross in ones and twos. */
  function begin(): void {
    const together = Math.max(1, Math.floor(mostBegun() / GROUPS));
    for (;;) {
      const room = pipe.taken.slice(begun, mostBegun());
      const unready = room.findIndex(({ take }) => !take);
      const ready = unready === -1 ? room : room.slice(0, unready);
      const isBusy = pipe.taken.slice(0, begun).some(({ outcome }) => !outcome);
      if (ready.length < (isBusy ? together : 1)) return;
      for (const entry of ready.slice(0, together)) {
        begun += 1;
        const take = entry.take as SeriesItem['take'];
        const frame: SeriesItem = {
          take,
          together,
          input: undefined,
          held: undefined,
          series: 'stream',
        };
        void pipe.settle(entry, () => episode.run(frame));
      }
    }
  }

  function observe({ arrivedMs }: Entry, { meta }: RunResult): void {
    pace.observe((meta.preMs + meta.runMs + meta.postMs) / meta.batch);
    record(lag, performance.now() - arrivedMs);
  }

  function hand({ index }: Entry, outcome: Outcome): void {
    begun -= 1;
    if (outcome.ok) pipe.give({ index, ...outcome.result });
    else if (onError === 'skip' && isSkippable(outcome.error)) counts.skipped += 1;
    else throw outcome.error;
  }

  function drop(entries: readonly Entry[]): void {
    counts.dropped += entries.length;
    release(entries);
  }

  return {
    ...pipe.results,
    reset() {
      if (pipe.isOver) return;
      counts.dropped += begun;
      drop(pipe.taken.splice(0).slice(begun));
      begun = 0;
      episode.end();
      episode = work.begin();
      pipe.advance();
    },
    get stats() {
      return { ...counts, lagMs: { p50: quantile(lag, 0.5), p95: quantile(lag, 0.95) } };
    },
  };
}

function release(entries: readonly Entry[]): void {
  for (const { input } of entries) if (input) releaseSnapshot(input);
}

function rethrow(error: unknown): never {
  throw error;
}

export const PACE_LIMITS = Object.freeze({
  /** What crosses together runs without a pause, in which others could have their turn, ms: half of a display's frame. */
  sliceMs: 8,
  /** Beyond this many a message's cost is gone: a window of Silero VAD takes a fifth of a millisecond. */
  together: 32,
});

/** How many frames of a stream cross to the worker together. */
export interface FramePace {
  /** From 1 on. */
  readonly together: number;
  /** @param workMs what one frame took in the worker */
  observe(workMs: number): void;
}

/** One at a time until it is known how long they take. */
export function createFramePace(): FramePace {
  let frameMs: number | undefined;
  return {
    get together() {
      if (frameMs === undefined) return 1;
      const { sliceMs, together } = PACE_LIMITS;
      // Some browsers' clocks are too coarse for a short run, which then took 0 ms.
      return Math.max(1, Math.min(together, Math.floor(sliceMs / frameMs)));
    },
    observe(workMs) {
      frameMs = frameMs === undefined ? workMs : (frameMs + workMs) / 2;
    },
  };
}

/**
 * What befalls one frame and not the next: it does not fit, the app's own task throws for it, or it was lost
 * with a worker that is replaced. A backend that fails would fail at each that comes: that is not of a frame.
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

/** Whether a stream may go on without this frame. */
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
  checkOptions('stream', options, KINDS);
  requireSource('stream', source);
  const { backpressure = 'wait', maxWaiting, onError = 'end', ...others } = options;
  const ofRuns = { signal: undefined, priority: undefined, topK: undefined, transfer: undefined };
  const { maxAhead, maxWaiting: fewest } = STREAM_DEFAULTS;
  const most = backpressure === 'wait' ? maxAhead : fewest;
  const run: Pick<StreamOptions, keyof typeof ofRuns> = { ...ofRuns, ...others };
  return { ...run, backpressure, onError, maxWaiting: maxWaiting ?? most } as const;
}

export type CheckedStreamOptions = ReturnType<typeof checkStreamOptions>;
