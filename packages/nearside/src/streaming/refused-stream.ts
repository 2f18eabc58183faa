import { asResults, OVER } from '../results.js';
import { type ModelStream, NO_FRAMES } from './model-stream.js';

/**
 * A stream that says at its first `next()` why there is none. The source is not touched.
 *
 * @param refusal asked then; may throw instead
 */
export function refusedStream(refusal: () => unknown): ModelStream {
  let isOver = false;
  const results = asResults<never>({
    async next() {
      if (isOver) return OVER;
      isOver = true;
      throw refusal();
    },
    async return() {
      isOver = true;
      return OVER;
    },
  });
  return { ...results, reset() {}, stats: NO_FRAMES };
}
