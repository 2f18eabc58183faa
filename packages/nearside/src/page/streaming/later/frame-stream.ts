import {
  createHistogram,
  type ErrorCode,
  type Histogram,
  isNearsideError,
  quantile,
  record,
} from '@nearside/core';
import type { Input, RunResult } from '../../../shared/api/run.js';
import type { ModelStream, Streamed, StreamOptions } from '../../../shared/api/streams.js';
import { checkOptions } from '../../../shared/check-options.js';
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
  createOrderedPipe,
  type OrderedPipe,
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

/** A stream at work. */
interface Frames {
  readonly options: CheckedStreamOptions;
  readonly work: FrameWork;
  readonly pace: FramePace;
  readonly lag: Histogram;
  readonly counts: { frames: number; dropped: number; skipped: number };
  episode: Episode;
  /** So many of those taken are begun; the others wait, for room or until their pictures are made. */
  begun: number;
}

type FramePipe = OrderedPipe<Entry, Streamed>;

/** Takes frames from a source, has them run in order and in bounded numbers, and hands results on. */
export function createFrameStream(
  source: Iterable<Input> | AsyncIterable<Input>,
  options: CheckedStreamOptions,
  work: FrameWork,
): ModelStream {
  const inputs = openSource(source);
  const frames: Frames = {
    options,
    work,
    pace: createFramePace(),
    lag: createHistogram(LAG_SCALE),
    counts: { frames: 0, dropped: 0, skipped: 0 },
    episode: work.begin(),
    begun: 0,
  };
  const { lag, counts } = frames;
  const pipe: FramePipe = createOrderedPipe(inputs, {
    signals: work.signals,
    hasRoom: () => options.backpressure === 'drop-oldest' || pipe.taken.length < mostBegun(frames),
    take: (input) => takeFrame(frames, pipe, input),
    begin: () => beginFrames(frames, pipe),
    observe: (entry, result) => observe(frames, entry, result),
    hand: (entry, outcome) => handOn(frames, pipe, { entry, outcome }),
    end: (left) => endFrames(frames, left),
  });
  return {
    ...pipe.results,
    reset: () => reset(frames, pipe),
    get stats() {
      return { ...counts, lagMs: { p50: quantile(lag, 0.5), p95: quantile(lag, 0.95) } };
    },
  };
}

/** So many frames may be begun and unread: enough to keep the worker busy, and no staler than they must be. */
function mostBegun({ options, pace }: Frames): number {
  if (options.backpressure === 'drop-oldest') return GROUPS;
  return Math.min(options.maxWaiting, GROUPS * pace.together);
}

async function takeFrame(frames: Frames, pipe: FramePipe, input: Input): Promise<void> {
  const { options, counts } = frames;
  const entry = enter(frames, pipe, input);
  if (pipe.isOver) {
    release([entry]);
    return;
  }
  counts.frames += 1;
  pipe.taken.push(entry);
  pipe.advance();
  if (options.backpressure === 'wait') return;
  const tooMany = pipe.taken.length - frames.begun - options.maxWaiting;
  if (tooMany > 0) drop(frames, pipe.taken.splice(frames.begun, tooMany));
  if (tooMany >= 0) await oneMacrotask(); // results that have arrived come before a drop
}

function enter({ work, counts }: Frames, pipe: FramePipe, input: Input): Entry {
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

/** Beside frames that run only a whole group is begun: begun as they come, they would cross in ones and twos. */
function beginFrames(frames: Frames, pipe: FramePipe): void {
  const most = mostBegun(frames);
  const together = Math.max(1, Math.floor(most / GROUPS));
  for (;;) {
    const { begun } = frames;
    const room = pipe.taken.slice(begun, most);
    const unready = room.findIndex(({ take }) => !take);
    const ready = unready === -1 ? room : room.slice(0, unready);
    const isBusy = pipe.taken.slice(0, begun).some(({ outcome }) => !outcome);
    if (ready.length < (isBusy ? together : 1)) return;
    for (const entry of ready.slice(0, together)) {
      frames.begun += 1;
      const take = entry.take as SeriesItem['take'];
      const series = 'stream';
      const frame: SeriesItem = { take, together, input: undefined, held: undefined, series };
      void pipe.settle(entry, () => frames.episode.run(frame));
    }
  }
}

function observe({ pace, lag }: Frames, { arrivedMs }: Entry, { meta }: RunResult): void {
  pace.observe((meta.preMs + meta.runMs + meta.postMs) / meta.batch);
  record(lag, performance.now() - arrivedMs);
}

/** @throws the error of a frame that ends the stream */
function handOn(
  frames: Frames,
  pipe: FramePipe,
  { entry, outcome }: { readonly entry: Entry; readonly outcome: Outcome },
): void {
  frames.begun -= 1;
  if (outcome.ok) pipe.give({ index: entry.index, ...outcome.result });
  else if (frames.options.onError === 'skip' && isSkippable(outcome.error)) {
    frames.counts.skipped += 1;
  } else throw outcome.error;
}

function endFrames({ work, begun, episode, counts }: Frames, left: readonly Entry[]): void {
  release(left.slice(begun));
  episode.end();
  work.end(counts.dropped);
}

function reset(frames: Frames, pipe: FramePipe): void {
  if (pipe.isOver) return;
  const left = pipe.taken.splice(0);
  frames.counts.dropped += frames.begun;
  drop(frames, left.slice(frames.begun));
  frames.begun = 0;
  frames.episode.end();
  frames.episode = frames.work.begin();
  pipe.advance();
}

function drop({ counts }: Frames, entries: readonly Entry[]): void {
  counts.dropped += entries.length;
  release(entries);
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

/** Says how many frames of a stream cross to the worker together. */
export interface FramePace {
  /** From 1 on. */
  readonly together: number;
  /** @param workMs time that one frame took in the worker */
  observe(workMs: number): void;
}

/** Frames cross one at a time until it is known how long they take. */
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
