import type { Input } from '../input.js';
import type { RunOptions, RunResult, Scored, ScoreOptions } from '../model.js';
import { checkRunOptions } from './check-run-options.js';
import { requireKnownOptions } from './require-known-options.js';

/** Calls kept in the queue at the same time: enough for full batches, with room left for others. */
const IN_FLIGHT = 48;

const KNOWN: readonly (keyof ScoreOptions)[] = ['from', 'onProgress', 'signal', 'topK', 'priority'];

/**
 * Runs many inputs at full speed, in their order, without keeping more than a few of them in memory.
 * To go on after an interruption, pass `from: lastIndex + 1`.
 *
 * @throws TypeError or RangeError for wrong options; `signal.reason` on abort; what the iterable throws;
 *   `closed`
 */
export async function* scoreAll(
  run: (input: Input, options: RunOptions) => Promise<RunResult>,
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options: ScoreOptions = {},
): AsyncGenerator<Scored, void, undefined> {
  const { from, onProgress, signal, topK, priority = 'background' } = checkScoreOptions(options);
  const total = lengthOf(inputs);
  const pending: Promise<Scored>[] = [];
  let done = 0;
  let failed = 0;

  async function start(input: Input, index: number): Promise<Scored> {
    try {
      return { index, ...(await run(input, { signal, topK, priority })) };
    } catch (error) {
      return { index, error };
    }
  }

  async function finishFirst(): Promise<Scored> {
    const scored = (await pending.shift()) as Scored;
    if ('error' in scored) {
      signal?.throwIfAborted();
      if (isClosed(scored.error)) throw scored.error;
      failed += 1;
    }
    done += 1;
    onProgress?.({ done, failed, total: total === undefined ? undefined : total - from });
    return scored;
  }

  let index = -1;
  for await (const input of inputs) {
    index += 1;
    if (index < from) continue;
    signal?.throwIfAborted();
    if (pending.length >= IN_FLIGHT) yield await finishFirst();
    pending.push(start(input, index));
  }
  while (pending.length > 0) yield await finishFirst();
}

function checkScoreOptions(options: ScoreOptions) {
  requireKnownOptions('score', options, KNOWN);
  const { from = 0, onProgress, ...others } = options;
  checkRunOptions(others, 'score');
  if (!Number.isSafeInteger(from) || from < 0) {
    throw new RangeError(`score: expected \`from\` to be an index from 0 on; got ${from}`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new TypeError(
      `score: expected \`onProgress\` to be a function; got ${typeof onProgress}`,
    );
  }
  return { ...others, from, onProgress };
}

function lengthOf(inputs: Iterable<Input> | AsyncIterable<Input>): number | undefined {
  const { length, size } = inputs as { length?: unknown; size?: unknown };
  const found = length ?? size;
  return typeof found === 'number' ? found : undefined;
}

function isClosed(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'closed';
}
