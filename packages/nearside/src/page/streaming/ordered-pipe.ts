import { createDeferred, type Deferred } from '@nearside/core';
import { expectListeners } from '#platform';
import type { Input, RunResult } from '../../shared/api/run.js';
import { asResults, OVER, type Results } from '../../shared/api/streams.js';
import { inWords } from '../../shared/check-options.js';
import { oneMacrotask } from '../../shared/timers.js';

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

/** Who iterates over results: calls of `next` that wait here, for a value each or for the end. */
export interface Readers<Value> {
  readonly areWaiting: boolean;
  readonly isOver: boolean;
  next(): Promise<IteratorResult<Value, void>>;
  /** To the first that waits. */
  give(value: Value): void;
  /** Lets all that wait go. A failure is told once: to the first of them, or to the next that asks. */
  end(failure?: { readonly reason: unknown }): void;
  /** The one who reads has left, and wants to hear of no failure either. */
  leave(): IteratorResult<Value, void>;
}

export function createReaders<Value>(): Readers<Value> {
  const waiting: Deferred<IteratorResult<Value, void>>[] = [];
  let isOver = false;
  /** Why it is over, until a reader was told. */
  let untold: { readonly reason: unknown } | undefined;

  function end(failure?: { readonly reason: unknown }): void {
    if (isOver) return;
    isOver = true;
    const first = waiting.shift();
    if (!failure) first?.resolve(OVER);
    else if (first) first.reject(failure.reason);
    else untold = failure;
    for (const reader of waiting.splice(0)) reader.resolve(OVER);
  }

  return {
    get areWaiting() {
      return waiting.length > 0;
    },
    get isOver() {
      return isOver;
    },
    async next() {
      if (untold) {
        const { reason } = untold;
        untold = undefined;
        throw reason;
      }
      if (isOver) return OVER;
      const reader = createDeferred<IteratorResult<Value, void>>();
      waiting.push(reader);
      return reader.promise;
    },
    give(value) {
      waiting.shift()?.resolve({ done: false, value });
    },
    end,
    leave() {
      end();
      untold = undefined;
      return OVER;
    },
  };
}

/** What inputs are taken from, one at a time. */
export interface Source<Input> {
  next(): Promise<IteratorResult<Input, unknown>> | IteratorResult<Input, unknown>;
  /** Not waited for: a source in the middle of something may take its time, or for ever. */
  leave(): void;
}

export function openSource<Input>(inputs: Iterable<Input> | AsyncIterable<Input>): Source<Input> {
  const iterator =
    Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  return {
    next: () => iterator.next(),
    leave() {
      void (async () => iterator.return?.())().catch(() => {});
    },
  };
}

/** @throws TypeError for what gives no inputs; a text gives characters */
export function requireSource(call: string, inputs: unknown): void {
  if (typeof inputs === 'object' && inputs !== null) {
    const given = inputs as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
    const begin = given[Symbol.asyncIterator] ?? given[Symbol.iterator];
    if (typeof begin === 'function') return;
  }
  throw new TypeError(`${call}: expected an iterable of inputs; got ${inWords(inputs)}`);
}
