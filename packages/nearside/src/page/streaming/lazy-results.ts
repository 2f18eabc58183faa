import {
  asResults,
  type ModelStream,
  NO_FRAMES,
  OVER,
  type Results,
} from '../../shared/api/streams.js';

/** Results whose code is loaded at their first `next()`, which also says what was wrong with the call. */
export function resultsLater<Value>(begin: () => Promise<Results<Value>>): Results<Value> {
  let beginning: Promise<Results<Value>> | undefined;
  let isOver = false;

  async function begun(): Promise<Results<Value> | undefined> {
    try {
      beginning ??= begin();
      return await beginning;
    } catch (error) {
      if (isOver) return;
      isOver = true;
      throw error;
    }
  }

  return asResults<Value>({
    async next() {
      const results = isOver ? undefined : await begun();
      return isOver || !results ? OVER : results.next();
    },
    async return() {
      isOver = true;
      beginning?.then(
        (results) => results.return(),
        () => {},
      );
      return OVER;
    },
  });
}

/** A stream whose code is loaded, by `begin`, at its first `next()`. */
export function streamLater(begin: () => Promise<ModelStream>): ModelStream {
  let stream: ModelStream | undefined;
  const results = resultsLater(async () => {
    stream = await begin();
    return stream;
  });
  return {
    ...results,
    reset: () => stream?.reset(),
    get stats() {
      return stream?.stats ?? NO_FRAMES;
    },
  };
}
