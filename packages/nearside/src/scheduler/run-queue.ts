import { createDeferred, NearsideError } from '@nearside/core';

/** Priorities, most urgent first. */
export const PRIORITIES = ['interactive', 'normal', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Limits of one model's queue. */
export const QUEUE_LIMITS = Object.freeze({
  /** Calls that wait; one more is `queue-full` at once. */
  waiting: 64,
  /** Calls given to the worker: one that runs, one more posted to hide the round trip. */
  posted: 2,
});

export interface QueuedJob<Value> {
  /** Begins the work in the worker. Called once, or never. */
  readonly start: () => Promise<Value>;
  readonly priority: Priority;
  readonly signal?: AbortSignal | undefined;
  /** From the call, waiting included. */
  readonly timeoutMs?: number | undefined;
}

/** Work waiting for a worker. Lives on the main thread, so that waiting work is cancelled at once. */
export interface RunQueue {
  /** Calls that wait now. */
  readonly waiting: number;
  /**
   * @throws NearsideError `queue-full`, `deadline`, what `close` was given; or `signal.reason`; or
   *   what the work itself rejects with
   */
  add<Value>(job: QueuedJob<Value>): Promise<Value>;
  /** Rejects everything that waits or runs. */
  close(reason: unknown): void;
}

interface Entry {
  readonly priority: Priority;
  readonly run: () => Promise<void>;
  readonly reject: (reason: unknown) => void;
}

export function createRunQueue(): RunQueue {
  const waiting: Entry[] = [];
  const posted = new Set<Entry>();

  function pump(): void {
    while (posted.size < QUEUE_LIMITS.posted) {
      const entry = takeMostUrgent(waiting);
      if (!entry) return;
      posted.add(entry);
      void entry.run().finally(() => {
        posted.delete(entry);
        pump();
      });
    }
  }

  return {
    get waiting() {
      return waiting.length;
    },

    add<Value>({ start, priority, signal, timeoutMs }: QueuedJob<Value>): Promise<Value> {
      const { promise, resolve, reject } = createDeferred<Value>();
      if (waiting.length >= QUEUE_LIMITS.waiting) {
        reject(queueFull());
        return promise;
      }
      const entry: Entry = { priority, reject, run: () => start().then(resolve, reject) };
      // The caller is let go at once; a run that has begun ends unheard, its slot with it.
      const leave = (reason: unknown) => {
        const index = waiting.indexOf(entry);
        if (index >= 0) waiting.splice(index, 1);
        reject(reason);
      };
      const onAbort = () => leave(signal?.reason);
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => leave(deadline(timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', onAbort);
      waiting.push(entry);
      pump();
      return promise.finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      });
    },

    close(reason) {
      for (const entry of [...waiting.splice(0), ...posted]) entry.reject(reason);
    },
  };
}

/** First come, first served within a priority. */
function takeMostUrgent(waiting: Entry[]): Entry | undefined {
  for (const priority of PRIORITIES) {
    const index = waiting.findIndex((entry) => entry.priority === priority);
    if (index >= 0) return waiting.splice(index, 1)[0];
  }
  return undefined;
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
