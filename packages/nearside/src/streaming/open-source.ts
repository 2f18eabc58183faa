/** What inputs are taken from, one at a time. */
export interface Source<Input> {
  next(): Promise<IteratorResult<Input, unknown>> | IteratorResult<Input, unknown>;
  /** Not waited for: a source in the middle of something may take its time, or for ever. */
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
