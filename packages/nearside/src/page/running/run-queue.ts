import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, type Deferred, NearsideError } from '@nearside/core';
import { expectListeners } from '#platform';
import type { Priority } from '../../shared/api/run.js';
import { mostUrgent } from '../../shared/ranking.js';

/** Limits of one model's queue. */
export const QUEUE_LIMITS = Object.freeze({
  /** Calls that wait, frames of streams and inputs of `score` apart; one more is `queue-full` at once. */
  waiting: 64,
  /** Batches given to each worker: one that runs, one more posted to hide the round trip. */
  posted: 2,
});

export interface QueuedJob<Work> {
  readonly work: Work;
  readonly priority: Priority;
  /** Works of the same key may run together; without one a work runs alone. */
  readonly batchKey?: string | undefined;
  /** Works of its key that run together, where that is not the queue's `maxBatch`. */
  readonly maxBatch?: number | undefined;
  /** Its caller has few at a time by itself, so the limit of calls that wait does not count it. */
  readonly isBounded?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Counts from the call, waiting included. */
  readonly timeoutMs?: number | undefined;
  /** Its worker is ended, rather than left to finish, when the caller leaves. */
  readonly terminate?: boolean | undefined;
}

/** How one work of a batch ended; `again` for one that was not done and may wait once more. */
export type Outcome<Work, Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: unknown }
  | {
      readonly ok: 'again';
      readonly work: Work;
      /** It no longer runs together with others. */
      readonly isAlone?: boolean | undefined;
    };

/** A batch that was given to the worker. */
export interface PostedBatch<Work, Result> {
  /** An outcome for each work; rejects when the batch failed as a whole. */
  readonly end: Promise<readonly Outcome<Work, Result>[]>;
  /** Its worker has begun it, as far as is known here. */
  readonly hasBegun: boolean;
  /** Asks for it back. It may be too late. */
  recall(): void;
  /** Ends it at once, and the worker with it, whatever else that was doing. */
  terminate(): void;
}

export interface RunQueueOptions<Work, Result> {
  readonly post: (works: readonly Work[]) => PostedBatch<Work, Result>;
  /** Frees a work that came back undone and that nobody waits for any more. */
  readonly discard: (work: Work) => void;
  /** At most so many works run together. */
  readonly maxBatch: number;
  /** How long a batch that is not full waits for more while the worker is busy, ms. */
  readonly maxDelayMs: number;
  /** How many workers there are to post to now; 1 by default. */
  readonly workers?: (() => number) | undefined;
}

interface Entry<Work, Result> {
  work: Work;
  readonly priority: Priority;
  batchKey: string | undefined;
  readonly maxBatch: number;
  readonly isBounded: boolean | undefined;
  /** Entries are numbered as they come: works of one priority keep that order. */
  readonly order: number;
  readonly enteredMs: number;
  readonly terminate: boolean;
  readonly ended: Deferred<Result>;
  /** Set for a call with a signal or a deadline: looks at them no longer. */
  unwatch: (() => void) | undefined;
  /** The caller is gone: aborted, too late, or answered. */
  isSettled: boolean;
}

interface Posted<Work, Result> {
  readonly entries: readonly Entry<Work, Result>[];
  readonly batch: PostedBatch<Work, Result>;
  /** It was asked back for urgent work, and may come or not. */
  isRecalled: boolean;
}

/** Work waiting for a worker. Lives on the main thread, so that waiting work is cancelled at once. */
export class RunQueue<Work, Result> {
  readonly #options: RunQueueOptions<Work, Result>;
  /** In the order of entering. */
  readonly #waiting: Entry<Work, Result>[] = [];
  /** In the order of posting: the last is the likeliest not to have begun. */
  readonly #posted: Posted<Work, Result>[] = [];
  /** Works that have ever entered. */
  #entered = 0;
  #isPumpDue = false;
  /** Set while a batch that is not full waits for more. */
  #delay: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RunQueueOptions<Work, Result>) {
    this.#options = options;
  }

  /** Works that wait now, with frames of streams and inputs of `score`, which `QUEUE_LIMITS.waiting` leaves out. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Batches that workers have. */
  get posted(): number {
    return this.#posted.length;
  }

  /**
   * Called before an input is taken from the caller: a full queue must leave it there.
   *
   * @throws NearsideError `queue-full`, as `add` would now
   */
  requireRoom(): void {
    if (this.#isFull()) throw queueFull();
  }

  /** @throws NearsideError `queue-full`, `deadline`; `signal.reason`; the reason of `close`; the error of the work itself */
  add(job: QueuedJob<Work>): Promise<Result> {
    if (!job.isBounded && this.#isFull()) return Promise.reject(queueFull());
    this.#entered += 1;
    const entry: Entry<Work, Result> = {
      work: job.work,
      priority: job.priority,
      batchKey: job.batchKey,
      maxBatch: job.maxBatch ?? this.#options.maxBatch,
      isBounded: job.isBounded,
      order: this.#entered,
      enteredMs: performance.now(),
      terminate: job.terminate ?? false,
      ended: createDeferred<Result>(),
      unwatch: undefined,
      isSettled: false,
    };
    const { signal, timeoutMs } = job;
    if (signal || timeoutMs) {
      const onAbort = () => this.#leave(entry, signal?.reason);
      const stopTimer =
        timeoutMs && startAwakeTimer(timeoutMs, () => this.#leave(entry, deadline(timeoutMs)));
      expectListeners(signal);
      signal?.addEventListener('abort', onAbort);
      entry.unwatch = () => {
        if (stopTimer) stopTimer();
        signal?.removeEventListener('abort', onAbort);
      };
    }
    this.#waiting.push(entry);
    this.#schedulePump();
    return entry.ended.promise;
  }

  /** Rejects everything that waits or runs. */
  close(reason: unknown): void {
    clearTimeout(this.#delay);
    const running = this.#posted.flatMap(({ entries }) => entries);
    for (const entry of [...this.#waiting.splice(0), ...running]) settle(entry).reject(reason);
  }

  /** The caller is let go at once. A run that has begun goes on, and nobody hears its result. */
  #leave(entry: Entry<Work, Result>, reason: unknown): void {
    const index = this.#waiting.indexOf(entry);
    if (index >= 0) this.#waiting.splice(index, 1);
    settle(entry).reject(reason);
    const found = this.#posted.find(({ entries }) => entries.includes(entry));
    // A batch that has not begun is recalled and posted again without this run.
    const isAnyoneLeft = found?.entries.some(({ isSettled }) => !isSettled);
    if (entry.terminate && found?.batch.hasBegun) found.batch.terminate();
    else if (entry.terminate || !isAnyoneLeft) found?.batch.recall();
  }

  /** Pumps after this turn, so that calls made together become one batch. */
  #schedulePump(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  /** Posts works that wait, as far as workers may have more. */
  #pump(): void {
    if (this.#waiting.length === 0) return;
    clearTimeout(this.#delay);
    this.#recallForUrgent();
    while (this.#posted.length < this.#capacity()) {
      const group = this.#nextGroup();
      if (!group) return;
      const patienceMs = this.#patienceFor(group);
      if (patienceMs > 0) {
        this.#delay = setTimeout(() => this.#pump(), patienceMs);
        return;
      }
      for (const entry of group) this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      this.#send(group);
    }
  }

  #workers(): number {
    return this.#options.workers?.() ?? 1;
  }

  #capacity(): number {
    return QUEUE_LIMITS.posted * this.#workers();
  }

  #idleWorkers(): number {
    return this.#workers() - this.#posted.length;
  }

  #isFull(): boolean {
    const counted = this.#waiting.filter(({ isBounded }) => !isBounded);
    return counted.length >= QUEUE_LIMITS.waiting;
  }

  /** Interactive work does not wait behind a batch that was posted and has not begun, if that has none. */
  #recallForUrgent(): void {
    const last = this.#posted.at(-1);
    if (this.#posted.length < this.#capacity() || !last) return;
    if (!this.#waiting.some(isInteractive) || last.entries.some(isInteractive)) return;
    last.isRecalled = true;
    last.batch.recall();
  }

  /** Frames carry state in their order: none passes another that was asked back and has not come yet. */
  #mayGo(entry: Entry<Work, Result>): boolean {
    const isOvertaking = ({ isRecalled, entries }: Posted<Work, Result>) =>
      isRecalled && entries[0]?.batchKey === entry.batchKey;
    return isInteractive(entry) || !this.#posted.some(isOvertaking);
  }

  /** The most urgent work, and the works that may run together with it. */
  #nextGroup(): Entry<Work, Result>[] | undefined {
    const nowMs = performance.now();
    const able = this.#waiting.filter((entry) => this.#mayGo(entry));
    const first = mostUrgent(able, nowMs);
    if (!first) return;
    const { batchKey, maxBatch } = first;
    if (batchKey === undefined) return [first];
    const others = this.#waiting.filter((entry) => entry !== first && entry.batchKey === batchKey);
    // The works that wait are spread over the workers that have nothing to do.
    const share = Math.ceil(this.#waiting.length / Math.max(1, this.#idleWorkers()));
    const size = Math.min(maxBatch, share);
    const group = [first];
    while (group.length < size && others.length > 0) {
      const next = mostUrgent(others, nowMs) as Entry<Work, Result>;
      others.splice(others.indexOf(next), 1);
      group.push(next);
    }
    return group;
  }

  /** A lone request never waits; beside a busy worker a batch may fill up a little more. */
  #patienceFor([first, ...others]: readonly Entry<Work, Result>[]): number {
    const isWhole = first?.batchKey === undefined || others.length + 1 >= first.maxBatch;
    if (this.#idleWorkers() > 0 || isWhole) return 0;
    return first.enteredMs + this.#options.maxDelayMs - performance.now();
  }

  #send(entries: readonly Entry<Work, Result>[]): void {
    const batch = this.#options.post(entries.map(({ work }) => work));
    const sent: Posted<Work, Result> = { entries, batch, isRecalled: false };
    this.#posted.push(sent);
    const goOn = () => {
      this.#posted.splice(this.#posted.indexOf(sent), 1);
      this.#pump();
    };
    batch.end.then(
      (outcomes) => {
        this.#settle(entries, outcomes);
        goOn();
      },
      (error) => {
        for (const entry of entries) settle(entry).reject(error);
        goOn();
      },
    );
  }

  #settle(
    entries: readonly Entry<Work, Result>[],
    outcomes: readonly Outcome<Work, Result>[],
  ): void {
    for (const [i, entry] of entries.entries()) {
      const outcome = outcomes[i] as Outcome<Work, Result>;
      if (outcome.ok === true) settle(entry).resolve(outcome.value);
      else if (outcome.ok === false) settle(entry).reject(outcome.error);
      else if (entry.isSettled) this.#options.discard(outcome.work);
      else {
        entry.work = outcome.work;
        if (outcome.isAlone) entry.batchKey = undefined;
        this.#putBack(entry);
      }
    }
  }

  /** Puts a work back at its place in the order of entering. */
  #putBack(entry: Entry<Work, Result>): void {
    const later = this.#waiting.findIndex(({ order }) => order > entry.order);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, entry);
  }
}

function settle<Result>(entry: Entry<unknown, Result>): Deferred<Result> {
  entry.isSettled = true;
  entry.unwatch?.();
  return entry.ended;
}

function isInteractive({ priority }: { readonly priority: Priority }): boolean {
  return priority === 'interactive';
}

function queueFull(): NearsideError {
  return new NearsideError(
    'queue-full',
    `Expected at most ${QUEUE_LIMITS.waiting} calls waiting, got one more. Wait for some to finish.`,
    { details: { limit: QUEUE_LIMITS.waiting }, retryable: true },
  );
}

function deadline(timeoutMs: number): NearsideError {
  return new NearsideError('deadline', `Expected a result within ${timeoutMs} ms, got none.`, {
    details: { timeoutMs },
    retryable: true,
  });
}
