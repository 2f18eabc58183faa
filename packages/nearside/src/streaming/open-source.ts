import { inWords } from '../options/check-options.js';

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

/** @throws TypeError for what gives no inputs; a text gives characters */
export function requireSource(call: string, inputs: unknown): void {
  if (typeof inputs === 'object' && inputs !== null) {
    const given = inputs as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
    const begin = given[Symbol.asyncIterator] ?? given[Symbol.iterator];
    if (typeof begin === 'function') return;
  }
  throw new TypeError(`${call}: expected an iterable of inputs; got ${inWords(inputs)}`);
}
