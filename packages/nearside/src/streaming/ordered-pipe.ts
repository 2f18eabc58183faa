import { createDeferred, type Deferred } from '@nearside/core';
import { expectListeners } from '#platform';
import type { Input } from '../input.js';
import type { RunResult } from '../model.js';
import { asResults, type Results } from '../results.js';
import { oneMacrotask } from '../timing/one-macrotask.js';
import type { Source } from './open-source.js';
import { createReaders } from './readers.js';

/** Inputs that are there, and refused at once, are passed through for so long; then the page has its turn, ms. */
const TURN_MS = 8;

/** How the run of one input ended. */
export type Outcome =
  | { readonly ok: true; readonly result: RunResult }
  | { readonly ok: false; readonly error: unknown };

/** What is made of an input while it is in the pipe. */
export interface Passing {
  outcome?: Outcome;
}

/** What happens at both ends of a pipe, and in it. */
export interface PipeWork<Entry extends Passing> {
  /** Each ends the pipe at once, with its reason. */
  readonly signals: readonly AbortSignal[];
  /** Whether the source is asked for another. */
  hasRoom(): boolean;
  /** Puts an input among those `taken`, or not; also one that comes after the end. Waited for before the next. */
  take(input: Input): void | Promise<void>;
  /** Begins what there is room for. */
  begin?(): void;
  /** Called with each result as soon as it is there, whosever turn it is. */
  observe?(entry: Entry, result: RunResult): void;
  /** Gives the oldest to the reader who waits, or not. What it throws ends the pipe. */
  hand(entry: Entry, outcome: Outcome): void;
  /** Called once. @param left those taken and not read */
  end(left: readonly Entry[], reason: unknown): void;
}

export interface OrderedPipe<Entry extends Passing, Value> {
  readonly results: Results<Value>;
  /** Not read yet, in the order of the source. */
  readonly taken: Entry[];
  readonly isOver: boolean;
  give(value: Value): void;
  /** Has a run end as the outcome of an entry, unless that has left the pipe meanwhile. */
  settle(entry: Entry, run: () => Promise<RunResult>): Promise<void>;
  /** To be called when there may be something to begin or to hand on. */
  advance(): void;
}

/**
 * Takes inputs from a source while there is room, from the first `next()` on, and hands on what becomes of
 * them in the same order. The end of the source, or what it throws, is told after the results before it.
 */
export function createOrderedPipe<Entry extends Passing, Value>(
  source: Source<Input>,
  { signals, hasRoom, take, begin, observe, hand, end: ended }: PipeWork<Entry>,
): OrderedPipe<Entry, Value> {
  const readers = createReaders<Value>();
  const taken: Entry[] = [];
  let roomMade: Deferred<void> | undefined;
  /** The source has no more; or has thrown. */
  let sourceEnd: { readonly failure?: { readonly reason: unknown } } | undefined;
  let isPulling = false;

  const onAbort = () => end({ reason: signals.find(({ aborted }) => aborted)?.reason });
  for (const signal of signals) {
    expectListeners(signal);
    signal.addEventListener('abort', onAbort);
  }
  if (signals.some(({ aborted }) => aborted)) onAbort();

  async function pull(): Promise<void> {
    isPulling = true;
    let turnBeganMs = performance.now();
    try {
      for (;;) {
        if (performance.now() - turnBeganMs > TURN_MS) {
          await oneMacrotask();
          turnBeganMs = performance.now();
        }
        while (!readers.isOver && !hasRoom()) {
          roomMade = createDeferred();
          await roomMade.promise;
        }
        if (readers.isOver) return;
        const step = await source.next();
        if (step.done) break;
        await take(await step.value);
      }
      sourceEnd = {};
    } catch (reason) {
      sourceEnd = { failure: { reason } };
    }
    advance();
  }

  function advance(): void {
    if (readers.isOver) return;
    begin?.();
    while (readers.areWaiting && taken[0]?.outcome) {
      const [entry] = taken.splice(0, 1) as [Entry];
      try {
        hand(entry, entry.outcome as Outcome);
      } catch (reason) {
        end({ reason });
      }
    }
    if (readers.isOver) return;
    if (sourceEnd && taken.length === 0) end(sourceEnd.failure);
    else if (hasRoom()) roomMade?.resolve();
  }

  function end(failure?: { readonly reason: unknown }): void {
    if (readers.isOver) return;
    readers.end(failure);
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
    ended(taken.splice(0), failure?.reason);
    roomMade?.resolve();
    if (!sourceEnd) source.leave();
  }

  return {
    results: asResults({
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
    }),
    taken,
    get isOver() {
      return readers.isOver;
    },
    give: readers.give,
    async settle(entry, run) {
      let outcome: Outcome;
      try {
        outcome = { ok: true, result: await run() };
      } catch (error) {
        outcome = { ok: false, error };
      }
      if (!taken.includes(entry)) return;
      entry.outcome = outcome;
      if (outcome.ok) observe?.(entry, outcome.result);
      advance();
    },
    advance,
  };
}
