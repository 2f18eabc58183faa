import { createDeferred, type Deferred } from '@nearside/core';
import { OVER } from '../results.js';

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
