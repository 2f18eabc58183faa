import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, NearsideError } from '@nearside/core';
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

/** Work waiting for a worker. Lives on the main thread, so that waiting work is cancelled at once. */
export interface RunQueue<Work, Result> {
  /** Works that wait now, with frames of streams and inputs of `score`, which `QUEUE_LIMITS.waiting` leaves out. */
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
  /** Entries are numbered as they come: works of one priority keep that order. */
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
  /** It was asked back for urgent work, and may come or not. */
  isRecalled: boolean;
}

interface Queue<Work, Result> extends Required<RunQueueOptions<Work, Result>> {
  /** In the order of entering. */
  readonly waiting: Entry<Work, Result>[];
  /** In the order of posting: the last is the likeliest not to have begun. */
  readonly posted: Posted<Work, Result>[];
  /** Works that have ever entered. */
  entered: number;
  isPumpDue: boolean;
  /** While a batch that is not full waits for more. */
  delay: ReturnType<typeof setTimeout> | undefined;
}

export function createRunQueue<Work, Result>(
  options: RunQueueOptions<Work, Result>,
): RunQueue<Work, Result> {
  const queue: Queue<Work, Result> = {
    ...options,
    workers: options.workers ?? (() => 1),
    waiting: [],
    posted: [],
    entered: 0,
    isPumpDue: false,
    delay: undefined,
  };
  return {
    get waiting() {
      return queue.waiting.length;
    },
    requireRoom() {
      if (isFull(queue)) throw queueFull();
    },
    add: (job) => add(queue, job),
    close(reason) {
      clearTimeout(queue.delay);
      const running = queue.posted.flatMap(({ entries }) => entries);
      for (const entry of [...queue.waiting.splice(0), ...running]) entry.reject(reason);
    },
  };
}

function add<Work, Result>(queue: Queue<Work, Result>, job: QueuedJob<Work>): Promise<Result> {
  const { promise, resolve, reject } = createDeferred<Result>();
  if (!job.isBounded && isFull(queue)) {
    reject(queueFull());
    return promise;
  }
  const { signal, timeoutMs } = job;
  queue.entered += 1;
  const entry: Entry<Work, Result> = {
    work: job.work,
    priority: job.priority,
    batchKey: job.batchKey,
    maxBatch: job.maxBatch ?? queue.maxBatch,
    isBounded: job.isBounded,
    order: queue.entered,
    enteredMs: performance.now(),
    terminate: job.terminate ?? false,
    isSettled: false,
    resolve: (result) => {
      entry.isSettled = true;
      resolve(result);
    },
    reject: (reason) => {
      entry.isSettled = true;
      reject(reason);
    },
  };
  const onAbort = () => leave(queue, entry, signal?.reason);
  const stopTimer =
    timeoutMs === undefined
      ? undefined
      : startAwakeTimer(timeoutMs, () => leave(queue, entry, deadline(timeoutMs)));
  expectListeners(signal);
  signal?.addEventListener('abort', onAbort);
  queue.waiting.push(entry);
  schedulePump(queue);
  return promise.finally(() => {
    stopTimer?.();
    signal?.removeEventListener('abort', onAbort);
  });
}

/** The caller is let go at once. A run that has begun goes on, and nobody hears its result. */
function leave<Work, Result>(
  { waiting, posted }: Queue<Work, Result>,
  entry: Entry<Work, Result>,
  reason: unknown,
): void {
  const index = waiting.indexOf(entry);
  if (index >= 0) waiting.splice(index, 1);
  entry.reject(reason);
  const found = posted.find(({ entries }) => entries.includes(entry));
  // A batch that has not begun is recalled and posted again without this run.
  const isAnyoneLeft = found?.entries.some(({ isSettled }) => !isSettled);
  if (entry.terminate && found?.batch.hasBegun) found.batch.terminate();
  else if (entry.terminate || !isAnyoneLeft) found?.batch.recall();
}

/** Pumps after this turn, so that calls made together become one batch. */
function schedulePump<Work, Result>(queue: Queue<Work, Result>): void {
  if (queue.isPumpDue) return;
  queue.isPumpDue = true;
  queueMicrotask(() => {
    queue.isPumpDue = false;
    pump(queue);
  });
}

/** Posts works that wait, as far as workers may have more. */
function pump<Work, Result>(queue: Queue<Work, Result>): void {
  const { waiting, posted } = queue;
  clearTimeout(queue.delay);
  recallForUrgent(queue);
  while (posted.length < capacity(queue)) {
    const group = nextGroup(queue);
    if (!group) return;
    const patienceMs = patienceFor(queue, group);
    if (patienceMs > 0) {
      queue.delay = setTimeout(() => pump(queue), patienceMs);
      return;
    }
    for (const entry of group) waiting.splice(waiting.indexOf(entry), 1);
    send(queue, group);
  }
}

function capacity<Work, Result>({ workers }: Queue<Work, Result>): number {
  return QUEUE_LIMITS.posted * workers();
}

function idleWorkers<Work, Result>({ workers, posted }: Queue<Work, Result>): number {
  return workers() - posted.length;
}

function isFull<Work, Result>({ waiting }: Queue<Work, Result>): boolean {
  return waiting.filter(({ isBounded }) => !isBounded).length >= QUEUE_LIMITS.waiting;
}

/** Interactive work does not wait behind a batch that was posted and has not begun, if that has none. */
function recallForUrgent<Work, Result>(queue: Queue<Work, Result>): void {
  const { waiting, posted } = queue;
  const last = posted.at(-1);
  if (posted.length < capacity(queue) || !last) return;
  const isInteractive = (entry: Entry<Work, Result>) => entry.priority === 'interactive';
  if (!waiting.some(isInteractive) || last.entries.some(isInteractive)) return;
  last.isRecalled = true;
  last.batch.recall();
}

/** Frames carry state in their order: none passes another that was asked back and has not come yet. */
function waitsForRecalled<Work, Result>(
  { posted }: Queue<Work, Result>,
  { batchKey, priority }: Entry<Work, Result>,
): boolean {
  if (priority === 'interactive') return false;
  return posted.some(({ isRecalled, entries }) => isRecalled && entries[0]?.batchKey === batchKey);
}

/** The most urgent work, and the works that may run together with it. */
function nextGroup<Work, Result>(queue: Queue<Work, Result>): Entry<Work, Result>[] | undefined {
  const { waiting } = queue;
  const nowMs = performance.now();
  const first = mostUrgent(
    waiting.filter((entry) => !waitsForRecalled(queue, entry)),
    nowMs,
  );
  if (!first) return;
  if (first.batchKey === undefined) return [first];
  const others = waiting.filter((entry) => entry !== first && entry.batchKey === first.batchKey);
  const group = [first];
  // The works that wait are spread over the workers that have nothing to do.
  const share = Math.ceil(waiting.length / Math.max(1, idleWorkers(queue)));
  const size = Math.min(first.maxBatch, share);
  while (group.length < size && others.length > 0) {
    const next = mostUrgent(others, nowMs) as Entry<Work, Result>;
    others.splice(others.indexOf(next), 1);
    group.push(next);
  }
  return group;
}

/** A lone request never waits; beside a busy worker a batch may fill up a little more. */
function patienceFor<Work, Result>(
  queue: Queue<Work, Result>,
  [first, ...others]: readonly Entry<Work, Result>[],
): number {
  const isWhole = first?.batchKey === undefined || others.length + 1 >= first.maxBatch;
  if (idleWorkers(queue) > 0 || isWhole) return 0;
  return first.enteredMs + queue.maxDelayMs - performance.now();
}

function send<Work, Result>(
  queue: Queue<Work, Result>,
  entries: readonly Entry<Work, Result>[],
): void {
  const batch = queue.post(entries.map(({ work }) => work));
  const sent: Posted<Work, Result> = { entries, batch, isRecalled: false };
  queue.posted.push(sent);
  batch.end
    .then(
      (outcomes) => settle(queue, entries, outcomes),
      (error) => {
        for (const entry of entries) entry.reject(error);
      },
    )
    .finally(() => {
      queue.posted.splice(queue.posted.indexOf(sent), 1);
      pump(queue);
    });
}

function settle<Work, Result>(
  queue: Queue<Work, Result>,
  entries: readonly Entry<Work, Result>[],
  outcomes: readonly Outcome<Work, Result>[],
): void {
  for (const [i, entry] of entries.entries()) {
    const outcome = outcomes[i] as Outcome<Work, Result>;
    if (outcome.ok === true) entry.resolve(outcome.value);
    else if (outcome.ok === false) entry.reject(outcome.error);
    else if (entry.isSettled) queue.discard(outcome.work);
    else {
      entry.work = outcome.work;
      if (outcome.isAlone) entry.batchKey = undefined;
      putBack(queue, entry);
    }
  }
}

/** Puts a work back at its place in the order of entering. */
function putBack<Work, Result>({ waiting }: Queue<Work, Result>, entry: Entry<Work, Result>): void {
  const later = waiting.findIndex(({ order }) => order > entry.order);
  waiting.splice(later < 0 ? waiting.length : later, 0, entry);
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
