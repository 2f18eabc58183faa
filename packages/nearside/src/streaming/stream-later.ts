import type { Input } from '../input.js';
import { loadLater } from '../load-later.js';
import { type ModelStream, NO_FRAMES, type Streamed, type StreamOptions } from './model-stream.js';
import type { StreamContext } from './open-stream.js';

const OVER = { done: true, value: undefined } as const;

/** A stream whose code is loaded at its first `next()`. */
export function streamLater(
  source: Iterable<Input> | AsyncIterable<Input>,
  options: StreamOptions | undefined,
  context: StreamContext,
): ModelStream {
  let opening: Promise<ModelStream> | undefined;
  let stream: ModelStream | undefined;
  let isOver = false;

  async function begin(): Promise<ModelStream> {
    const { openStream } = await loadLater();
    stream = await openStream(source, options, context);
    return stream;
  }

  async function next(): Promise<IteratorResult<Streamed, void>> {
    if (isOver) return OVER;
    opening ??= begin();
    try {
      await opening;
    } catch (error) {
      if (isOver) return OVER;
      isOver = true;
      throw error;
    }
    return (stream as ModelStream).next();
  }

  return {
    next,
    async return() {
      isOver = true;
      await opening?.catch(() => {});
      return stream?.return() ?? OVER;
    },
    reset: () => stream?.reset(),
    get stats() {
      return stream?.stats ?? NO_FRAMES;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
