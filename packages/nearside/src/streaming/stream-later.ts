import { type ModelStream, NO_FRAMES } from './model-stream.js';
import { resultsLater } from './results-later.js';

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
