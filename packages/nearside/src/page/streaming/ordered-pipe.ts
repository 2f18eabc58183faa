import { createDeferred, type Deferred } from '@nearside/core';
import { expectListeners } from '#platform';
import type { Input, RunResult } from '../../shared/api/run.js';
import { asResults, OVER, type Results } from '../../shared/api/streams.js';
import { inWords } from '../../shared/check-options.js';
import { oneMacrotask } from '../../shared/timers.js';

/** A source that is always ready is read for so long, then the page has its turn, ms. */
const TURN_MS = 8;

/** The end of one input's run. */
export type Outcome =
  | { readonly ok: true; readonly result: RunResult }
  | { readonly ok: false; readonly error: unknown };

/** An input in the pipe, as its owner keeps it. */
export interface Passing {
  outcome?: Outcome;
}

interface Failure {
  readonly reason: unknown;
}

/** The owner's part at both ends of a pipe, and in it. */
export interface PipeWork<Entry extends Passing> {
  /** Each ends the pipe at once, with its reason. */
  readonly signals: readonly AbortSignal[];
  /** Says whether the source is asked for another. */
  hasRoom(): boolean;
  /** Puts an input among those `taken`, or not; also one that comes after the end. Waited for before the next. */
  take(input: Input): void | Promise<void>;
  /** Begins as many runs as there is room for. */
  begin?(): void;
  /** Called with each result as soon as it is there, whosever turn it is. */
  observe?(entry: Entry, result: RunResult): void;
  /** Gives the oldest to the reader who waits, or not. An error that it throws ends the pipe. */
  hand(entry: Entry, outcome: Outcome): void;
  /** Called once. @param left those taken and not read */
  end(left: readonly Entry[], reason: unknown): void;
}

export interface OrderedPipe<Entry extends Passing, Value> {
  readonly results: Results<Value>;
  /** Entries that are not read yet, in the order of the source. */
  readonly taken: Entry[];
  readonly isOver: boolean;
  give(value: Value): void;
  /** Takes the end of a run as the outcome of an entry, unless that has left the pipe meanwhile. */
  settle(entry: Entry, run: () => Promise<RunResult>): Promise<void>;
  /** To be called when there may be something to begin or to hand on. */
  advance(): void;
}

/** How far a source is read. */
type Reading =
  | { readonly kind: 'not-begun' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'waits-for-room'; readonly roomMade: Deferred<void> }
  /** It has no more, or has thrown. */
  | { readonly kind: 'ended'; readonly failure: Failure | undefined };

interface Pipe<Entry extends Passing> {
  readonly source: Source<Input>;
  readonly work: PipeWork<Entry>;
  readonly readers: Pick<Readers<never>, 'areWaiting' | 'isOver' | 'end'>;
  readonly taken: Entry[];
  readonly onAbort: () => void;
  reading: Reading;
}

/**
 * Takes inputs from a source while there is room, from the first `next()` on, and hands their outcomes on in the same
 * order. The end of the source, or its error, is told after the results before it.
 */
export function createOrderedPipe<Entry extends Passing, Value>(
  source: Source<Input>,
  work: PipeWork<Entry>,
): OrderedPipe<Entry, Value> {
  const { signals } = work;
  const readers = createReaders<Value>();
  const taken: Entry[] = [];
  const onAbort = () => end(pipe, { reason: signals.find(({ aborted }) => aborted)?.reason });
  const pipe: Pipe<Entry> = {
    source,
    work,
    readers,
    taken,
    onAbort,
    reading: { kind: 'not-begun' },
  };
  for (const signal of signals) {
    expectListeners(signal);
    signal.addEventListener('abort', onAbort);
  }
  if (signals.some(({ aborted }) => aborted)) onAbort();

  return {
    results: asResults({
      next() {
        const next = readers.next();
        if (!readers.isOver && pipe.reading.kind === 'not-begun') void pull(pipe);
        advance(pipe);
        return next;
      },
      async return() {
        end(pipe);
        return readers.leave();
      },
    }),
    taken,
    get isOver() {
      return readers.isOver;
    },
    give: readers.give,
    settle: (entry, run) => settle(pipe, entry, run),
    advance: () => advance(pipe),
  };
}

/** Asks the source for one input after the other, while there is room. */
async function pull<Entry extends Passing>(pipe: Pipe<Entry>): Promise<void> {
  const { source, work, readers } = pipe;
  let turnBeganMs = performance.now();
  try {
    for (;;) {
      if (performance.now() - turnBeganMs > TURN_MS) {
        await oneMacrotask();
        turnBeganMs = performance.now();
      }
      while (!readers.isOver && !work.hasRoom()) {
        const roomMade = createDeferred<void>();
        pipe.reading = { kind: 'waits-for-room', roomMade };
        await roomMade.promise;
      }
      if (readers.isOver) return;
      pipe.reading = { kind: 'asked' };
      const step = await source.next();
      if (step.done) break;
      await work.take(await step.value);
    }
    pipe.reading = { kind: 'ended', failure: undefined };
  } catch (reason) {
    pipe.reading = { kind: 'ended', failure: { reason } };
  }
  advance(pipe);
}

function advance<Entry extends Passing>(pipe: Pipe<Entry>): void {
  const { readers, work, taken } = pipe;
  if (readers.isOver) return;
  work.begin?.();
  while (readers.areWaiting && taken[0]?.outcome) {
    const [entry] = taken.splice(0, 1) as [Entry];
    try {
      work.hand(entry, entry.outcome as Outcome);
    } catch (reason) {
      end(pipe, { reason });
    }
  }
  if (readers.isOver) return;
  const { reading } = pipe;
  if (reading.kind === 'ended') {
    if (taken.length === 0) end(pipe, reading.failure);
  } else if (reading.kind === 'waits-for-room' && work.hasRoom()) {
    reading.roomMade.resolve();
  }
}

function end<Entry extends Passing>(pipe: Pipe<Entry>, failure?: Failure): void {
  const { readers, work, taken, reading } = pipe;
  if (readers.isOver) return;
  readers.end(failure);
  for (const signal of work.signals) signal.removeEventListener('abort', pipe.onAbort);
  work.end(taken.splice(0), failure?.reason);
  if (reading.kind === 'waits-for-room') reading.roomMade.resolve();
  if (reading.kind !== 'ended') pipe.source.leave();
}

async function settle<Entry extends Passing>(
  pipe: Pipe<Entry>,
  entry: Entry,
  run: () => Promise<RunResult>,
): Promise<void> {
  let outcome: Outcome;
  try {
    outcome = { ok: true, result: await run() };
  } catch (error) {
    outcome = { ok: false, error };
  }
  if (!pipe.taken.includes(entry)) return;
  entry.outcome = outcome;
  if (outcome.ok) pipe.work.observe?.(entry, outcome.result);
  advance(pipe);
}

/** Calls of `next` that wait, for a value each or for the end. */
export interface Readers<Value> {
  readonly areWaiting: boolean;
  readonly isOver: boolean;
  next(): Promise<IteratorResult<Value, void>>;
  /** Gives a value to the first that waits. */
  give(value: Value): void;
  /** Lets all that wait go. A failure is told once: to the first of them, or to the next that asks. */
  end(failure?: Failure): void;
  /** The reader has left, and wants to hear of no failure either. */
  leave(): IteratorResult<Value, void>;
}

export function createReaders<Value>(): Readers<Value> {
  const waiting: Deferred<IteratorResult<Value, void>>[] = [];
  let isOver = false;
  /** Why it is over, until a reader was told. */
  let untold: Failure | undefined;

  function end(failure?: Failure): void {
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

/** Gives inputs, one at a time. */
export interface Source<Input> {
  next(): Promise<IteratorResult<Input, unknown>> | IteratorResult<Input, unknown>;
  /** Nobody waits for it: a source in the middle of something may take its time, or for ever. */
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
