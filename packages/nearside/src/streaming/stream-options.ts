import type { Input } from '../input.js';
import { checkOptions, type OptionKinds } from '../options/check-options.js';
import { oneOf, WHOLE_ABOVE_0 } from '../options/option-kinds.js';
import { RUN_KINDS } from '../running/check-run-options.js';
import type { StreamOptions } from './model-stream.js';
import { requireSource } from './open-source.js';

export const STREAM_DEFAULTS = Object.freeze({
  /** Frames taken and not yet read: two messages of the most frames that cross together. */
  maxAhead: 64,
  /** Frames that wait for the worker where the oldest is dropped: a camera has some ten in all. */
  maxWaiting: 4,
});

const { signal, priority, topK, transfer } = RUN_KINDS;
const KINDS: OptionKinds<keyof StreamOptions> = {
  backpressure: oneOf(['wait', 'drop-oldest']),
  maxWaiting: WHOLE_ABOVE_0,
  onError: oneOf(['end', 'skip']),
  ...{ signal, priority, topK, transfer },
};

/** @throws TypeError or RangeError, naming the option, expected and got */
export function checkStreamOptions(
  source: Iterable<Input> | AsyncIterable<Input>,
  options: StreamOptions = {},
) {
  checkOptions('stream', options, KINDS);
  requireSource('stream', source);
  const { backpressure = 'wait', maxWaiting, onError = 'end', ...others } = options;
  const { maxAhead, maxWaiting: fewest } = STREAM_DEFAULTS;
  const most = backpressure === 'wait' ? maxAhead : fewest;
  return { ...others, backpressure, onError, maxWaiting: maxWaiting ?? most } as const;
}

export type CheckedStreamOptions = ReturnType<typeof checkStreamOptions>;
