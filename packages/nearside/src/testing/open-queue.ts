import { createDeferred } from '@nearside/core';
import { type Outcome, type PostedBatch, RunQueue } from '../page/running/run-queue.js';
import type { Priority } from '../shared/api/run.js';

/** A worker that does nothing by itself: the test ends, fails or gives back each batch. */
export function openQueue({ maxBatch = 1, maxDelayMs = 0 } = {}) {
  const batches: {
    readonly works: readonly string[];
    finish(): void;
    fail(error: Error): void;
    giveBack(isAlone?: boolean): void;
    hasBegun: boolean;
    recalls: number;
    terminations: number;
  }[] = [];
  const post = (works: readonly string[]): PostedBatch<string, string> => {
    const { promise, resolve, reject } = createDeferred<readonly Outcome<string, string>[]>();
    const outcomes = works.map((work) =>
      work.startsWith('bad')
        ? ({ ok: false, error: new Error(work) } as const)
        : ({ ok: true, value: `did ${work}` } as const),
    );
    const batch = {
      works,
      finish: () => resolve(outcomes),
      fail: reject,
      giveBack: (isAlone = false) => resolve(works.map((work) => ({ ok: 'again', work, isAlone }))),
      // One worker has begun its first batch; a test sets it for others.
      hasBegun: batches.length === 0,
      recalls: 0,
      terminations: 0,
    };
    batches.push(batch);
    return {
      end: promise,
      get hasBegun() {
        return batch.hasBegun;
      },
      recall() {
        batch.recalls += 1;
      },
      terminate() {
        batch.terminations += 1;
      },
    };
  };
  const discarded: string[] = [];
  const discard = (work: string) => void discarded.push(work);
  const queue = new RunQueue<string, string>({ post, discard, maxBatch, maxDelayMs });
  const add = (work: string, priority: Priority = 'normal', more: object = {}) =>
    queue.add({ work, priority, batchKey: maxBatch > 1 ? 'all' : undefined, ...more });
  const posted = () => batches.map(({ works }) => works.join(' '));
  return { queue, batches, add, posted, discarded };
}

/** Until everything that can happen by itself has happened. */
export const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
