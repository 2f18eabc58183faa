import { createDeferred, isNearsideError, type NearsideError } from '@nearside/core';
import type { Input } from './input.js';
import type { RunMeta } from './model.js';

/** The app's own way to an answer: what it returns is the run's `output`. */
export type Fallback = (input: Input) => unknown;

const ANSWERABLE = ['deadline', 'no-backend', 'golden-mismatch'];

/** Whether a run failed for want of a backend or of time: not a bad input, and no caller who has left. */
export function isAnswerable(error: unknown): error is NearsideError {
  return isNearsideError(error) && ANSWERABLE.includes(error.code);
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
  for (const signal of signals) signal?.addEventListener('abort', leave);
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
