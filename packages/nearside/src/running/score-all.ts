import { createDeferred } from '@nearside/core';
import { expectListeners } from '#platform';
import type { Input } from '../input.js';
import type { RunOptions, RunResult, Scored, ScoreOptions } from '../model.js';
import { checkOptions, type OptionKinds } from '../options/check-options.js';
import { FUNCTION } from '../options/option-kinds.js';
import { openSource, requireSource } from '../streaming/open-source.js';
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
 * @throws TypeError or RangeError for wrong options; `signal.reason` on abort and `closed`, at once; what
 *   the iterable throws, after the results of the inputs before
 */
export async function* scoreAll(
  { run, closing }: ScoreWork,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options: ScoreOptions = {},
): AsyncGenerator<Scored, void, undefined> {
  checkOptions('score', options, KINDS);
  requireSource('score', inputs);
  const { from = 0, onProgress, signal, topK, priority = 'background' } = options;
  const total = lengthOf(inputs);
  const source = openSource(inputs);
  const signals = signal ? [signal, closing] : [closing];
  const leaving = new AbortController();
  /** Begun and not read, in the order of the source. */
  const begun: Entry[] = [];
  let changed = createDeferred<void>();
  /** The source has no more; or has thrown, which is told after the results before it. */
  let sourceEnd: { readonly error?: unknown; readonly isFailure: boolean } | undefined;
  let done = 0;
  let failed = 0;

  function tellChange(): void {
    changed.resolve();
    changed = createDeferred();
  }

  function onAbort(): void {
    leaving.abort(signals.find(({ aborted }) => aborted)?.reason);
    tellChange();
  }

  async function pull(): Promise<void> {
    try {
      for (let index = 0; ; index += 1) {
        while (begun.length >= IN_FLIGHT && !leaving.signal.aborted) await changed.promise;
        if (leaving.signal.aborted) return;
        const step = await source.next();
        if (step.done) break;
        const input = await step.value;
        if (index >= from && !leaving.signal.aborted) void start(input, { index });
      }
      sourceEnd = { isFailure: false };
    } catch (error) {
      sourceEnd = { isFailure: true, error };
    }
    tellChange();
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
    tellChange();
  }

  function hand(scored: Scored): Scored {
    begun.shift();
    tellChange();
    done += 1;
    if ('error' in scored) failed += 1;
    onProgress?.({ done, failed, total: total === undefined ? undefined : total - from });
    return scored;
  }

  for (const each of signals) {
    expectListeners(each);
    each.addEventListener('abort', onAbort);
  }
  try {
    if (signals.some(({ aborted }) => aborted)) onAbort();
    void pull();
    for (;;) {
      leaving.signal.throwIfAborted();
      const scored = begun[0]?.scored;
      if (scored) yield hand(scored);
      else if (begun.length > 0 || !sourceEnd) await changed.promise;
      else if (sourceEnd.isFailure) throw sourceEnd.error;
      else return;
    }
  } finally {
    for (const each of signals) each.removeEventListener('abort', onAbort);
    leaving.abort();
    if (!sourceEnd) source.leave();
    tellChange();
  }
}

function lengthOf(inputs: Iterable<Input> | AsyncIterable<Input>): number | undefined {
  const { length, size } = inputs as { length?: unknown; size?: unknown };
  const found = length ?? size;
  return typeof found === 'number' ? found : undefined;
}
