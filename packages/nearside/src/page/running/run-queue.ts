import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, NearsideError } from '@nearside/core';
import { expectListeners } from '#platform';
import { mostUrgent, type Priority } from '../../shared/api/priority.js';

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
  /** Its caller has few at a time by itself: it waits whatever else does, and takes nobody's place. */
  readonly isBounded?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** From the call, waiting included. */
  readonly timeoutMs?: number | undefined;
  /** Whether its worker is to be ended, rather than left to finish, when the caller leaves. */
  readonly terminate?: boolean | undefined;
}

/** How one work of a batch ended; `again` for one that was not done and may wait once more. */
export type Outcome<Work, Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: unknown }
  | {
      readonly ok: 'again';
      readonly work: Work;
      /** Not together with others any more. */
      readonly isAlone?: boolean | undefined;
    };

/** A batch that was given to the worker. */
export interface PostedBatch<Work, Result> {
  /** An outcome for each work; rejects when the batch failed as a whole. */
  readonly end: Promise<readonly Outcome<Work, Result>[]>;
  /** Whether its worker has begun it, as far as is known here. */
  readonly hasBegun: boolean;
  /** Asks for it back. It may be too late. */
  recall(): void;
  /** Ends it at once, and the worker with it, whatever else that was doing. */
  terminate(): void;
}

export interface RunQueueOptions<Work, Result> {
  readonly post: (works: readonly Work[]) => PostedBatch<Work, Result>;
  /** Frees what came back undone and nobody waits for any more. */
  readonly discard: (work: Work) => void;
  /** Works that may run together. */
  readonly maxBatch: number;
  /** How long a batch that is not full waits for more while the worker is busy, ms. */
  readonly maxDelayMs: number;
  /** How many workers there are to post to now; 1 by default. */
  readonly workers?: (() => number) | undefined;
}

/** Work waiting for a worker. Lives on the main thread, so that waiting work is cancelled at once. */
export interface RunQueue<Work, Result> {
  /** What waits now, frames of streams and inputs of `score` too, which `QUEUE_LIMITS.waiting` leaves apart. */
  readonly waiting: number;
  /**
   * For one who gives something away with the call.
   *
   * @throws NearsideError `queue-full`, as `add` would now
   */
  requireRoom(): void;
  /**
   * @throws NearsideError `queue-full`, `deadline`, what `close` was given; or `signal.reason`; or
   *   what the work itself rejects with
   */
  add(job: QueuedJob<Work>): Promise<Result>;
  /** Rejects everything that waits or runs. */
  close(reason: unknown): void;
}

interface Entry<Work, Result> {
  work: Work;
  readonly priority: Priority;
  batchKey: string | undefined;
  readonly maxBatch: number;
  readonly isBounded: boolean | undefined;
  /** Of entering: works of one priority keep it. */
  readonly order: number;
  readonly enteredMs: number;
  readonly terminate: boolean;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  /** The caller is gone: aborted, too late, or answered. */
  isSettled: boolean;
}

interface Posted<Work, Result> {
  readonly entries: readonly Entry<Work, Result>[];
  readonly batch: PostedBatch<Work, Result>;
  /** Asked back for urgent work: may come, or not. */
  isRecalled?: boolean;
}

export function createRunQueue<Work, Result>({
  post,
  discard,
  maxBatch,
  maxDelayMs,
  workers = () => 1,
}: RunQueueOptions<Work, Result>): RunQueue<Work, Result> {
  /** In the order of entering. */
  const waiting: Entry<Work, Result>[] = [];
  /** In the order of posting: the last is the likeliest not to have begun. */
  const posted: Posted<Work, Result>[] = [];
  let entered = 0;
  let isPumpDue = false;
  let delay: ReturnType<typeof setTimeout> | undefined;

  /** After this turn, so that calls made together become one batch. */
  function schedulePump(): void {
    if (isPumpDue) return;
    isPumpDue = true;
    queueMicrotask(() => {
      isPumpDue = false;
      pump();
    });
  }

  const isFull = () => waiting.filter(({ isBounded }) => !isBounded).length >= QUEUE_LIMITS.waiting;
  const capacity = () => QUEUE_LIMITS.posted * workers();
  const idleWorkers = () => workers() - posted.length;

  /** What waits is spread over the workers that have nothing to do. */
  const batchSize = (most: number) =>
    Math.min(most, Math.ceil(waiting.length / Math.max(1, idleWorkers())));

  function pump(): void {
    clearTimeout(delay);
    recallForUrgent();
    while (posted.length < capacity()) {
      const group = nextGroup();
      if (!group) return;
      const patienceMs = patienceFor(group);
      if (patienceMs > 0) {
        delay = setTimeout(pump, patienceMs);
        return;
      }
      for (const entry of group) waiting.splice(waiting.indexOf(entry), 1);
      send(group);
    }
  }

  /** Frames carry state in their order: none passes another that was asked back and has not come yet. */
  const mayGo = ({ batchKey, priority }: Entry<Work, Result>) =>
    priority === 'interactive' ||
    !posted.some(({ isRecalled, entries }) => isRecalled && entries[0]?.batchKey === batchKey);

  /** The most urgent work, and what may run together with it. */
  function nextGroup(): Entry<Work, Result>[] | undefined {
    const nowMs = performance.now();
    const first = mostUrgent(waiting.filter(mayGo), nowMs);
    if (!first) return;
    if (first.batchKey === undefined) return [first];
    const others = waiting.filter((entry) => entry !== first && entry.batchKey === first.batchKey);
    const group = [first];
    const size = batchSize(first.maxBatch);
    while (group.length < size && others.length > 0) {
      const next = mostUrgent(others, nowMs) as Entry<Work, Result>;
      others.splice(others.indexOf(next), 1);
      group.push(next);
    }
    return group;
  }

  /** A lone request never waits; beside a busy worker a batch may fill up a little more. */
  function patienceFor([first, ...others]: readonly Entry<Work, Result>[]): number {
    const isWhole = first?.batchKey === undefined || others.length + 1 >= first.maxBatch;
    if (idleWorkers() > 0 || isWhole) return 0;
    return first.enteredMs + maxDelayMs - performance.now();
  }

  function send(entries: readonly Entry<Work, Result>[]): void {
    const sent: Posted<Work, Result> = { entries, batch: post(entries.map(({ work }) => work)) };
    posted.push(sent);
    sent.batch.end
      .then(
        (outcomes) => settle(entries, outcomes),
        (error) => {
          for (const entry of entries) entry.reject(error);
        },
      )
      .finally(() => {
        posted.splice(posted.indexOf(sent), 1);
        pump();
      });
  }

  function settle(
    entries: readonly Entry<Work, Result>[],
    outcomes: readonly Outcome<Work, Result>[],
  ): void {
    for (const [i, entry] of entries.entries()) {
      const outcome = outcomes[i] as Outcome<Work, Result>;
      if (outcome.ok === true) entry.resolve(outcome.value);
      else if (outcome.ok === false) entry.reject(outcome.error);
      else if (entry.isSettled) discard(outcome.work);
      else {
        entry.work = outcome.work;
        if (outcome.isAlone) entry.batchKey = undefined;
        insert(entry);
      }
    }
  }

  function insert(entry: Entry<Work, Result>): void {
    const later = waiting.findIndex(({ order }) => order > entry.order);
    waiting.splice(later < 0 ? waiting.length : later, 0, entry);
  }

  /** Interactive work does not wait behind what is posted but has not begun, if that is not. */
  function recallForUrgent(): void {
    const last = posted.at(-1);
    if (posted.length < capacity() || !last) return;
    const isInteractive = (entry: Entry<Work, Result>) => entry.priority === 'interactive';
    if (!waiting.some(isInteractive) || last.entries.some(isInteractive)) return;
    last.isRecalled = true;
    last.batch.recall();
  }

  /** The caller is let go at once. A run that has begun goes on, and nobody hears its result. */
  function leave(entry: Entry<Work, Result>, reason: unknown): void {
    const index = waiting.indexOf(entry);
    if (index >= 0) waiting.splice(index, 1);
    entry.reject(reason);
    const found = posted.find(({ entries }) => entries.includes(entry));
    // A batch that has not begun is recalled and posted again without this run.
    const isAnyoneLeft = found?.entries.some(({ isSettled }) => !isSettled);
    if (entry.terminate && found?.batch.hasBegun) found.batch.terminate();
    else if (entry.terminate || !isAnyoneLeft) found?.batch.recall();
  }

  return {
    get waiting() {
      return waiting.length;
    },

    requireRoom() {
      if (isFull()) throw queueFull();
    },

    add({ work, priority, batchKey, signal, timeoutMs, terminate = false, ...job }) {
      const { promise, resolve, reject } = createDeferred<Result>();
      const { isBounded } = job;
      if (!isBounded && isFull()) {
        reject(queueFull());
        return promise;
      }
      const enteredMs = performance.now();
      entered += 1;
      const entry: Entry<Work, Result> = {
        work,
        priority,
        batchKey,
        enteredMs,
        terminate,
        isSettled: false,
        order: entered,
        maxBatch: job.maxBatch ?? maxBatch,
        isBounded,
        resolve: (result) => {
          entry.isSettled = true;
          resolve(result);
        },
        reject: (reason) => {
          entry.isSettled = true;
          reject(reason);
        },
      };
      const onAbort = () => leave(entry, signal?.reason);
      const stopTimer =
        timeoutMs === undefined
          ? undefined
          : startAwakeTimer(timeoutMs, () => leave(entry, deadline(timeoutMs)));
      expectListeners(signal);
      signal?.addEventListener('abort', onAbort);
      waiting.push(entry);
      schedulePump();
      return promise.finally(() => {
        stopTimer?.();
        signal?.removeEventListener('abort', onAbort);
      });
    },

    close(reason) {
      clearTimeout(delay);
      const running = posted.flatMap(({ entries }) => entries);
      for (const entry of [...waiting.splice(0), ...running]) entry.reject(reason);
    },
  };
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
