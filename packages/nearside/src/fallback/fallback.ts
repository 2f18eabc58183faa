import { createDeferred, isNearsideError } from '@nearside/core';
import { expectListeners } from '#platform';
import type { ModelEmitter } from '../events.js';
import type { Input } from '../input.js';
import type { RunMeta, RunOptions, RunResult } from '../model.js';
import type { Shift } from '../running/handover.js';

/** The app's own way to an answer: what it returns is the run's `output`. */
export type Fallback = (input: Input) => unknown;

/** A run that has failed, before it is counted as that. */
export interface FailedRun {
  readonly id: string;
  readonly input: Input;
  readonly options: RunOptions;
  readonly error: unknown;
  /** The version that had it. */
  readonly shift: Shift;
  readonly calledMs: number;
  readonly cold: boolean;
  /** Counts it as failed. */
  readonly fail: (error: unknown) => void;
}

/** For want of a backend or of time: not a bad input, and no caller who has left. */
const ANSWERABLE = ['deadline', 'no-backend', 'golden-mismatch'];

/**
 * Has the app's own function answer instead. What it throws is the caller's; the failure still counts.
 *
 * @param leaving aborted when the model is closed
 * @returns undefined for a failure that it is not asked about
 */
export async function fallBack(
  { id, input, options: { signal, transfer }, error, shift, calledMs, cold, fail }: FailedRun,
  {
    fallback,
    emitter,
    leaving,
  }: { fallback: Fallback; emitter: ModelEmitter; leaving: AbortSignal },
): Promise<RunResult | undefined> {
  // What the caller gave away is not there any more.
  if (transfer || !isNearsideError(error) || !ANSWERABLE.includes(error.code)) return undefined;
  try {
    const output = (await askFallback(fallback, input, [signal, leaving])) as RunResult['output'];
    const totalMs = performance.now() - calledMs;
    shift.recorder.fellBack();
    emitter.emit('run-end', { id, ok: true, totalMs });
    const { release } = shift.serving.version;
    return { output, meta: fallbackMeta({ id, release, totalMs, cold }) };
  } catch (thrown) {
    fail(signal?.aborted || leaving.aborted ? thrown : error);
    throw thrown;
  }
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
