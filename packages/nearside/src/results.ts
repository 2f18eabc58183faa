/**
 * Results as they come. Leaving the loop ends them, as `return()` does: at once, also while a `next()`
 * waits and whatever their source does, which is left without being waited for.
 */
export interface Results<Value> extends AsyncIterableIterator<Value, void, undefined> {
  return(): Promise<IteratorResult<Value, void>>;
}

/** What `next()` says when there are no more. */
export const OVER = { done: true, value: undefined } as const;
