import { createDeferred, createHistogram, type Deferred, quantile, record } from '@nearside/core';
import { expectListeners } from '#platform';
import { oneMacrotask } from '../in-worker/one-macrotask.js';
import type { Input } from '../input.js';
import type { RunResult } from '../model.js';
import type { WireInput } from '../protocol.js';
import type { Frame } from '../running/run-model.js';
import { releaseSnapshot } from '../running/snapshot-input.js';
import { createFramePace } from './frame-pace.js';
import type { ModelStream, Streamed } from './model-stream.js';
import { openSource } from './open-source.js';
import { createReaders } from './readers.js';
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
  run(frame: Frame): Promise<RunResult>;
  /** Lets go of the frames that run, and of the state. */
  end(): void;
}

interface Entry {
  readonly index: number;
  readonly arrivedMs: number;
  readonly input: Promise<WireInput> | WireInput | undefined;
  /** What a run of it takes; undefined while a picture of it is being made. */
  take?: Frame['take'];
  outcome?: Outcome;
}

type Outcome =
  | { readonly ok: true; readonly result: RunResult }
  | { readonly ok: false; readonly error: unknown };

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
  /** Taken and not begun. */
  const waiting: Entry[] = [];
  /** Begun and not read, in the order of the source. */
  const begun: Entry[] = [];
  const readers = createReaders<Streamed>();
  let episode = work.begin();
  let roomMade: Deferred<void> | undefined;
  /** The source has no more; or has thrown, which is told after the results before it. */
  let sourceEnd: { readonly error?: unknown; readonly isFailure: boolean } | undefined;
  let isPulling = false;

  const listeners = work.signals.map((signal) => {
    const onAbort = () => end({ reason: signal.reason });
    expectListeners(signal);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) queueMicrotask(onAbort);
    return () => signal.removeEventListener('abort', onAbort);
  });

  /** Begun frames that may be unread: enough to keep the worker busy, and no staler than they must be. */
  function mostBegun(): number {
    if (backpressure === 'drop-oldest') return GROUPS;
    return Math.min(maxWaiting, GROUPS * pace.together);
  }

  async function pull(): Promise<void> {
    isPulling = true;
    try {
      for (;;) {
        await room();
        if (readers.isOver) return;
        const step = await frames.next();
        if (step.done) break;
        arrive(await step.value);
      }
      sourceEnd = { isFailure: false };
    } catch (error) {
      sourceEnd = { isFailure: true, error };
    }
    advance();
  }

  async function room(): Promise<void> {
    if (backpressure === 'wait') {
      while (!readers.isOver && waiting.length + begun.length >= mostBegun()) {
        roomMade = createDeferred();
        await roomMade.promise;
      }
    } else if (waiting.length >= maxWaiting) {
      await oneMacrotask(); // results that have arrived come before a drop
    }
  }

  function arrive(input: Input): void {
    const entry = enter(input);
    if (readers.isOver) {
      release(entry);
      return;
    }
    counts.frames += 1;
    waiting.push(entry);
    advance();
    while (backpressure === 'drop-oldest' && waiting.length > maxWaiting)
      drop(waiting.splice(0, 1));
  }

  function enter(input: Input): Entry {
    const arrived = { index: counts.frames, arrivedMs: performance.now() };
    try {
      const taken = work.take(input);
      if (!(taken instanceof Promise)) return { ...arrived, input: taken, take: () => taken };
      const entry: Entry = { ...arrived, input: taken };
      const settle = (take: Frame['take']) => {
        entry.take = take;
        advance();
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

  /** Begins what there is room for, and hands on what is there; in the order of the source. */
  function advance(): void {
    if (readers.isOver) return;
    while (waiting[0]?.take && begun.length < mostBegun()) {
      const entry = waiting.shift() as Entry;
      begun.push(entry);
      void run(entry, episode);
    }
    while (readers.areWaiting && begun[0]?.outcome) {
      hand(begun.shift() as Entry);
      if (readers.isOver) return;
    }
    if (sourceEnd && waiting.length + begun.length === 0) {
      if (sourceEnd.isFailure) end({ reason: sourceEnd.error });
      else end();
    } else if (waiting.length + begun.length < mostBegun()) {
      roomMade?.resolve();
    }
  }

  async function run(entry: Entry, runIn: Episode): Promise<void> {
    const take = entry.take as Frame['take'];
    let outcome: Outcome;
    try {
      outcome = { ok: true, result: await runIn.run({ take, together: pace.together }) };
    } catch (error) {
      outcome = { ok: false, error };
    }
    if (readers.isOver || runIn !== episode) return;
    entry.outcome = outcome;
    if (outcome.ok) {
      const { preMs, runMs, postMs, batch } = outcome.result.meta;
      pace.observe((preMs + runMs + postMs) / batch);
      record(lag, performance.now() - entry.arrivedMs);
    }
    advance();
  }

  function hand({ index, outcome }: Entry): void {
    if (outcome?.ok) readers.give({ index, ...outcome.result });
    else if (onError === 'skip' && isSkippable(outcome?.error)) counts.skipped += 1;
    else end({ reason: outcome?.error });
  }

  function drop(entries: readonly Entry[]): void {
    counts.dropped += entries.length;
    for (const entry of entries) release(entry);
  }

  function end(failure?: { readonly reason: unknown }): void {
    if (readers.isOver) return;
    readers.end(failure);
    for (const stopListening of listeners) stopListening();
    for (const entry of waiting.splice(0)) release(entry);
    begun.length = 0;
    episode.end();
    work.end();
    roomMade?.resolve();
    if (!sourceEnd) frames.leave();
  }

  return {
    next() {
      const next = readers.next();
      if (!readers.isOver && !isPulling) void pull();
      advance();
      return next;
    },
    async return() {
      end();
      return readers.leave();
    },
    reset() {
      if (readers.isOver) return;
      counts.dropped += begun.length;
      begun.length = 0;
      drop(waiting.splice(0));
      episode.end();
      episode = work.begin();
      advance();
    },
    get stats() {
      return { ...counts, lagMs: { p50: quantile(lag, 0.5), p95: quantile(lag, 0.95) } };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function release({ input }: Entry): void {
  if (input) releaseSnapshot(input);
}

function rethrow(error: unknown): never {
  throw error;
}
