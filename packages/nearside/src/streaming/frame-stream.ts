import { createHistogram, quantile, record } from '@nearside/core';
import type { Input } from '../input.js';
import type { RunResult } from '../model.js';
import type { WireInput } from '../protocol.js';
import type { SeriesItem } from '../running/run-model.js';
import { releaseSnapshot } from '../running/snapshot-input.js';
import { oneMacrotask } from '../timing/one-macrotask.js';
import { createFramePace } from './frame-pace.js';
import type { ModelStream, Streamed } from './model-stream.js';
import { openSource } from './open-source.js';
import { createOrderedPipe, type OrderedPipe, type Outcome, type Passing } from './ordered-pipe.js';
import { isSkippable } from './skippable.js';
import type { CheckedStreamOptions } from './stream-options.js';

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
  /** Called once, when the stream is over. */
  end(): void;
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
    ...{ take, begin, observe, hand },
    end(left) {
      release(left.slice(begun));
      episode.end();
      work.end();
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

  function begin(): void {
    while (begun < mostBegun()) {
      const entry = pipe.taken[begun];
      if (!entry?.take) return;
      begun += 1;
      const { together } = pace;
      const frame = { take: entry.take, together, input: undefined, held: undefined };
      void pipe.settle(entry, () => episode.run(frame));
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
