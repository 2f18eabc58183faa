import { createDeferred, isNearsideError } from '@nearside/core';
import { expectListeners } from '#platform';
import type { Fallback } from '../../../shared/api/open-options.js';
import type { Input, RunMeta, RunResult } from '../../../shared/api/run.js';
import type { FailedRun } from '../../running/run-model.js';

/** For want of a backend or of time: not a bad input, and no caller who has left. */
const ANSWERABLE = ['deadline', 'no-backend', 'golden-mismatch'];

/**
 * Has the app's own function answer instead.
 *
 * @param leaving aborted when the model is closed
 * @returns undefined for a failure that it is not asked about
 * @throws what the function throws; the reason of a signal
 */
export async function fallBack(
  { id, input, options: { signal, transfer }, error, release, calledMs, cold }: FailedRun,
  { fallback, leaving }: { fallback: Fallback; leaving: AbortSignal },
): Promise<RunResult | undefined> {
  // What the caller gave away is not there any more.
  if (transfer || !isNearsideError(error) || !ANSWERABLE.includes(error.code)) return undefined;
  const output = (await askFallback(fallback, input, [signal, leaving])) as RunResult['output'];
  const totalMs = performance.now() - calledMs;
  return { output, meta: fallbackMeta({ id, release, totalMs, cold }) };
}

/**
 * Asks the app's own function. Whoever aborts or closes meanwhile is let go at once.
 *
 * @throws what the function throws; the reason of a signal
 */
export async function askFallback(
  fallback: Fallback,
  input: Input,
  signals: readonly (AbortSignal | undefined)[],
): Promise<unknown> {
  const { promise: left, reject } = createDeferred<never>();
  const leave = ({ target }: Event) => reject((target as AbortSignal).reason);
  for (const signal of signals) {
    expectListeners(signal);
    signal?.addEventListener('abort', leave);
  }
  try {
    for (const signal of signals) signal?.throwIfAborted();
    return await Promise.race([(async () => fallback(input))(), left]);
  } finally {
    for (const signal of signals) signal?.removeEventListener('abort', leave);
  }
}

/** What `meta` says of an answer that no backend gave. */
export function fallbackMeta({
  id,
  release: { model, version },
  totalMs,
  cold,
}: {
  id: string;
  release: { readonly model: string; readonly version: string };
  totalMs: number;
  cold: boolean;
}): RunMeta {
  const nowhere = { variant: 'fallback', backend: 'fallback', threads: 0 };
  const stages = { queueMs: totalMs, preMs: 0, runMs: 0, postMs: 0 };
  return { id, model, version, ...nowhere, ...stages, batch: 1, cold, fallback: true };
}
