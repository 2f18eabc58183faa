import type { Input } from '../input.js';
import { checkRunOptions } from '../running/check-run-options.js';
import { requireKnownOptions } from '../running/require-known-options.js';
import type { StreamOptions } from './model-stream.js';

export const STREAM_DEFAULTS = Object.freeze({
  /** Frames taken and not yet read: two messages of the most frames that cross together. */
  maxAhead: 64,
  /** Frames that wait for the worker where the oldest is dropped: a camera has some ten in all. */
  maxWaiting: 4,
});

const KNOWN: readonly string[] = [
  'backpressure',
  'maxWaiting',
  'onError',
  'signal',
  'priority',
  'topK',
  'transfer',
] satisfies (keyof StreamOptions)[];

/** @throws TypeError or RangeError, naming the option, expected and got */
export function checkStreamOptions(
  source: Iterable<Input> | AsyncIterable<Input>,
  options: StreamOptions = {},
) {
  requireKnownOptions('stream', options, KNOWN);
  const { backpressure = 'wait', maxWaiting, onError = 'end', ...others } = options;
  checkRunOptions(others, 'stream');
  if (!isIterable(source)) {
    throw new TypeError(`stream: expected an iterable of inputs; got ${typeof source}`);
  }
  if (!['wait', 'drop-oldest'].includes(backpressure)) {
    throw wrong('backpressure', "'wait' or 'drop-oldest'", backpressure);
  }
  if (!['end', 'skip'].includes(onError)) throw wrong('onError', "'end' or 'skip'", onError);
  if (maxWaiting !== undefined && !(Number.isSafeInteger(maxWaiting) && maxWaiting > 0)) {
    throw wrong('maxWaiting', 'a whole number above 0', maxWaiting);
  }
  const { maxAhead, maxWaiting: fewest } = STREAM_DEFAULTS;
  const most = backpressure === 'wait' ? maxAhead : fewest;
  return { ...others, backpressure, onError, maxWaiting: maxWaiting ?? most } as const;
}

export type CheckedStreamOptions = ReturnType<typeof checkStreamOptions>;

function isIterable(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  return Symbol.asyncIterator in source || Symbol.iterator in source;
}

function wrong(option: string, expected: string, got: unknown): RangeError {
  return new RangeError(`stream: expected \`${option}\` to be ${expected}; got ${String(got)}`);
}
