import { createDeferred } from '@nearside/core';

/** Locks by name within one JavaScript realm, granted in the order of asking. */
export interface LocalLocks {
  hold<Result>(
    name: string,
    work: () => Promise<Result>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Result>;
}

export function createLocalLocks(): LocalLocks {
  /** The end of each queue. It settles, and never rejects, when the last in it has released the lock. */
  const ends = new Map<string, Promise<void>>();

  return {
    async hold(name, work, { signal } = {}) {
      signal?.throwIfAborted();
      const before = ends.get(name) ?? Promise.resolve();
      const { promise: released, resolve: release } = createDeferred<void>();
      const end = before.then(() => released);
      ends.set(name, end);
      try {
        await untilAborted(before, signal);
        return await work();
      } finally {
        release();
        if (ends.get(name) === end) ends.delete(name);
      }
    },
  };
}

/** Waits for `promise`, or until the signal aborts, whichever comes first. */
async function untilAborted(promise: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (!signal) return promise;
  const { promise: aborted, reject } = createDeferred<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
