import type { Input } from '../input.js';
import { loadLater } from '../later/load-later.js';
import { type ModelStream, NO_FRAMES, type StreamOptions } from './model-stream.js';
import type { StreamContext } from './open-stream.js';
import { resultsLater } from './results-later.js';

/** A stream whose code is loaded at its first `next()`. */
export function streamLater(
  source: Iterable<Input> | AsyncIterable<Input>,
  options: StreamOptions | undefined,
  context: StreamContext,
): ModelStream {
  let stream: ModelStream | undefined;
  const results = resultsLater(async () => {
    const { openStream } = await loadLater();
    stream = await openStream(source, options, context);
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
