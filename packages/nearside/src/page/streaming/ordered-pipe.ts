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

/** How far a source is read. */
type Reading =
  | { readonly kind: 'not-begun' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'waits-for-room'; readonly roomMade: Deferred<void> }
  /** It has no more, or has thrown. */
  | { readonly kind: 'ended'; readonly failure: Failure | undefined };

/**
 * Takes inputs from a source while there is room, from the first `next()` on, and hands their outcomes on in the same
 * order. The end of the source, or its error, is told after the results before it.
 */
export class OrderedPipe<Entry extends Passing, Value> {
  readonly results: Results<Value>;
  /** Entries that are not read yet, in the order of the source. */
  readonly taken: Entry[] = [];
  readonly #source: Source<Input>;
  readonly #work: PipeWork<Entry>;
  readonly #readers = createReaders<Value>();
  #reading: Reading = { kind: 'not-begun' };
  readonly #onAbort = () =>
    this.#end({ reason: this.#work.signals.find(({ aborted }) => aborted)?.reason });

  constructor(source: Source<Input>, work: PipeWork<Entry>) {
    this.#source = source;
    this.#work = work;
    this.results = asResults({ next: () => this.#next(), return: async () => this.#leave() });
    for (const signal of work.signals) {
      expectListeners(signal);
      signal.addEventListener('abort', this.#onAbort);
    }
    if (work.signals.some(({ aborted }) => aborted)) this.#onAbort();
  }

  get isOver(): boolean {
    return this.#readers.isOver;
  }

  give(value: Value): void {
    this.#readers.give(value);
  }

  /** Takes the end of a run as the outcome of an entry, unless that has left the pipe meanwhile. */
  async settle(entry: Entry, run: () => Promise<RunResult>): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = { ok: true, result: await run() };
    } catch (error) {
      outcome = { ok: false, error };
    }
    if (!this.taken.includes(entry)) return;
    entry.outcome = outcome;
    if (outcome.ok) this.#work.observe?.(entry, outcome.result);
    this.advance();
  }

  /** To be called when there may be something to begin or to hand on. */
  advance(): void {
    if (this.isOver) return;
    this.#work.begin?.();
    while (this.#readers.areWaiting && this.taken[0]?.outcome) {
      const [entry] = this.taken.splice(0, 1) as [Entry];
      try {
        this.#work.hand(entry, entry.outcome as Outcome);
      } catch (reason) {
        this.#end({ reason });
      }
    }
    if (this.isOver) return;
    const reading = this.#reading;
    if (reading.kind === 'ended') {
      if (this.taken.length === 0) this.#end(reading.failure);
    } else if (reading.kind === 'waits-for-room' && this.#work.hasRoom()) {
      reading.roomMade.resolve();
    }
  }

  #next(): Promise<IteratorResult<Value, void>> {
    const next = this.#readers.next();
    if (!this.isOver && this.#reading.kind === 'not-begun') void this.#pull();
    this.advance();
    return next;
  }

  /** Asks the source for one input after the other, while there is room. */
  async #pull(): Promise<void> {
    let turnBeganMs = performance.now();
    try {
      for (;;) {
        if (performance.now() - turnBeganMs > TURN_MS) {
          await oneMacrotask();
          turnBeganMs = performance.now();
        }
        while (!this.isOver && !this.#work.hasRoom()) {
          const roomMade = createDeferred<void>();
          this.#reading = { kind: 'waits-for-room', roomMade };
          await roomMade.promise;
        }
        if (this.isOver) return;
        this.#reading = { kind: 'asked' };
        const step = await this.#source.next();
        if (step.done) break;
        await this.#work.take(await step.value);
      }
      this.#reading = { kind: 'ended', failure: undefined };
    } catch (reason) {
      this.#reading = { kind: 'ended', failure: { reason } };
    }
    this.advance();
  }

  #leave(): IteratorResult<Value, void> {
    this.#end();
    return this.#readers.leave();
  }

  #end(failure?: Failure): void {
    if (this.isOver) return;
    this.#readers.end(failure);
    for (const signal of this.#work.signals) signal.removeEventListener('abort', this.#onAbort);
    this.#work.end(this.taken.splice(0), failure?.reason);
    if (this.#reading.kind === 'waits-for-room') this.#reading.roomMade.resolve();
    if (this.#reading.kind !== 'ended') this.#source.leave();
  }
}

/** Calls of `next` that wait, for a value each or for the end. */
export function createReaders<Value>() {
  const waiting: Deferred<IteratorResult<Value, void>>[] = [];
  let isOver = false;
  /** Why it is over, until a reader was told. */
  let untold: Failure | undefined;

  /** Lets all that wait go. A failure is told once: to the first of them, or to the next that asks. */
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
    async next(): Promise<IteratorResult<Value, void>> {
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
    /** Gives a value to the first that waits. */
    give(value: Value): void {
      waiting.shift()?.resolve({ done: false, value });
    },
    end,
    /** The reader has left, and wants to hear of no failure either. */
    leave(): IteratorResult<Value, void> {
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
