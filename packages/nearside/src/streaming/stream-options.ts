import type { Input } from '../input.js';
import { checkOptions, type OptionKinds } from '../options/check-options.js';
import { oneOf, WHOLE_ABOVE_0 } from '../options/option-kinds.js';
import { NO_OPTIONS, ownOptions } from '../options/option-rules.js';
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
  given: StreamOptions = NO_OPTIONS,
) {
  const options = ownOptions(given);
  checkOptions('stream', options, KINDS);
  requireSource('stream', source);
  const { backpressure = 'wait', maxWaiting, onError = 'end', ...others } = options;
  const ofRuns = { signal: undefined, priority: undefined, topK: undefined, transfer: undefined };
  const { maxAhead, maxWaiting: fewest } = STREAM_DEFAULTS;
  const most = backpressure === 'wait' ? maxAhead : fewest;
  const run: Pick<StreamOptions, keyof typeof ofRuns> = { ...ofRuns, ...others };
  return { ...run, backpressure, onError, maxWaiting: maxWaiting ?? most } as const;
}

export type CheckedStreamOptions = ReturnType<typeof checkStreamOptions>;
