import { createDeferred, type Deferred } from '@nearside/core';
import { expectListeners } from '#platform';
import type { Input } from '../input.js';
import type { RunOptions, RunResult, Scored, ScoreOptions } from '../model.js';
import { checkOptions, type OptionKinds } from '../options/check-options.js';
import { FUNCTION } from '../options/option-kinds.js';
import type { Results } from '../results.js';
import { openSource, requireSource } from '../streaming/open-source.js';
import { createReaders } from '../streaming/readers.js';
import { RUN_KINDS } from './check-run-options.js';

/** Inputs begun and not read as results: enough for full batches. */
const IN_FLIGHT = 48;

const { signal, topK, priority } = RUN_KINDS;
const KINDS: OptionKinds<keyof ScoreOptions> = {
  from: {
    fits: (from: unknown) => Number.isSafeInteger(from) && Number(from) >= 0,
    expected: 'an index from 0 on',
    error: RangeError,
  },
  onProgress: FUNCTION,
  ...{ signal, topK, priority },
};

/** What inputs are given to. */
export interface ScoreWork {
  run(input: Input, options: RunOptions): Promise<RunResult>;
  /** Aborts when the model is closed. */
  readonly closing: AbortSignal;
}

interface Entry {
  readonly index: number;
  scored?: Scored;
}

/**
 * Runs many inputs at full speed, in their order, without keeping more than a few of them in memory.
 * Each result is there as soon as it and those before it are; leaving the loop aborts what runs.
 * To go on after an interruption, pass `from: lastIndex + 1`.
 *
 * `next()` rejects once, and it is over: with `signal.reason` on abort and `closed`, at once; with what the
 * iterable or `onProgress` throws, after the results before.
 *
 * @throws TypeError or RangeError for wrong options
 */
export function scoreAll(
  { run, closing }: ScoreWork,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options: ScoreOptions = {},
): Results<Scored> {
  checkOptions('score', options, KINDS);
  requireSource('score', inputs);
  const { from = 0, onProgress, signal, topK, priority = 'background' } = options;
  const total = lengthOf(inputs);
  const source = openSource(inputs);
  const readers = createReaders<Scored>();
  const leaving = new AbortController();
  /** Begun and not read, in the order of the source. */
  const begun: Entry[] = [];
  let roomMade: Deferred<void> | undefined;
  /** The source has no more; or has thrown, which is told after the results before it. */
  let sourceEnd: { readonly error?: unknown; readonly isFailure: boolean } | undefined;
  let isPulling = false;
  let done = 0;
  let failed = 0;

  const signals = signal ? [signal, closing] : [closing];
  const onAbort = () => end({ reason: signals.find(({ aborted }) => aborted)?.reason });
  for (const each of signals) {
    expectListeners(each);
    each.addEventListener('abort', onAbort);
  }
  if (signals.some(({ aborted }) => aborted)) onAbort();

  async function pull(): Promise<void> {
    isPulling = true;
    try {
      for (let index = 0; ; index += 1) {
        while (begun.length >= IN_FLIGHT && !readers.isOver) {
          roomMade = createDeferred();
          await roomMade.promise;
        }
        if (readers.isOver) return;
        const step = await source.next();
        if (step.done) break;
        const input = await step.value;
        if (index >= from && !readers.isOver) void start(input, { index });
      }
      sourceEnd = { isFailure: false };
    } catch (error) {
      sourceEnd = { isFailure: true, error };
    }
    advance();
  }

  async function start(input: Input, entry: Entry): Promise<void> {
    begun.push(entry);
    const { index } = entry;
    try {
      const result = await run(input, { signal: leaving.signal, topK, priority });
      entry.scored = { index, ...result };
    } catch (error) {
      entry.scored = { index, error };
    }
    advance();
  }

  /** Hands on what is there, in the order of the source. */
  function advance(): void {
    while (readers.areWaiting && begun[0]?.scored) {
      const { scored } = begun[0];
      begun.shift();
      hand(scored);
    }
    if (readers.isOver) return;
    if (sourceEnd && begun.length === 0) {
      end(sourceEnd.isFailure ? { reason: sourceEnd.error } : undefined);
    } else if (begun.length < IN_FLIGHT) roomMade?.resolve();
  }

  function hand(scored: Scored): void {
    readers.give(scored);
    done += 1;
    if ('error' in scored) failed += 1;
    try {
      onProgress?.({ done, failed, total: total === undefined ? undefined : total - from });
    } catch (reason) {
      end({ reason });
    }
  }

  function end(failure?: { readonly reason: unknown }): void {
    if (readers.isOver) return;
    readers.end(failure);
    for (const each of signals) each.removeEventListener('abort', onAbort);
    begun.length = 0;
    leaving.abort(failure?.reason);
    roomMade?.resolve();
    if (!sourceEnd) source.leave();
  }

  return {
    next() {
      const next = readers.next();
      if (!readers.isOver && !isPulling) void pull();
      advance();
      return next;
    },
    async return() {
      end();
      return readers.leave();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function lengthOf(inputs: Iterable<Input> | AsyncIterable<Input>): number | undefined {
  const { length, size } = inputs as { length?: unknown; size?: unknown };
  const found = length ?? size;
  return typeof found === 'number' ? found : undefined;
}
