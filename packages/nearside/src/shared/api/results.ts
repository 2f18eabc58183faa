/**
 * Results as they come. Leaving the loop ends them, as `return()` does: at once, also while a `next()`
 * waits and whatever their source does, which is left without being waited for.
 */
export interface Results<Value>
  extends AsyncIterableIterator<Value, void, undefined>,
    AsyncDisposable {
  return(): Promise<IteratorResult<Value, void>>;
}

/** What `next()` says when there are no more. */
export const OVER = { done: true, value: undefined } as const;

/** What can be read one after another, as `for await` and `await using` take it. */
export function asResults<Value>(reading: Pick<Results<Value>, 'next' | 'return'>): Results<Value> {
  return {
    ...reading,
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await reading.return();
    },
  };
}
