import { isDataExpensive } from '../options/is-data-expensive.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { type TuningOptions, tuneBackends } from './tune-backends.js';

/** Finds a faster backend beside serving. */
export interface Tuner {
  /** Whether it tries contenders now, which needs the worker that serves. */
  readonly isTrying: boolean;
  /** For the version that serves now; until it is done. Never rejects. */
  tune(): Promise<void>;
  /** Ends it at once, with the worker it may have started. */
  close(reason: unknown): void;
}

export function createTuner(options: Omit<TuningOptions, 'signal' | 'trial'>): Tuner {
  const closing = new AbortController();
  let underWay: Promise<void> = Promise.resolve();
  const trial = { isUnderWay: false };
  const all: TuningOptions = { ...options, trial, signal: closing.signal };

  /** One after another. */
  function queue(work: () => Promise<void>): Promise<void> {
    if (isTunable(options.plan)) underWay = underWay.then(work).catch(() => {}); // the present one serves on
    return underWay;
  }

  return {
    get isTrying() {
      return trial.isUnderWay;
    },
    tune: () => queue(() => tuneBackends(all)),
    close: (reason) => closing.abort(reason),
  };
}

function isTunable({ tune, contenders, policy }: OpenPlan): boolean {
  return tune.when !== 'off' && contenders.length > 1 && !isDataExpensive(policy.saveData);
}

export interface TuneBeforeOpenOptions {
  /** Of the caller of `open`. */
  readonly signal: AbortSignal | undefined;
  readonly begin: () => Promise<{ tune(): Promise<void> }>;
  readonly close: () => Promise<void>;
}

/**
 * Has a faster backend looked for while the caller waits; without one the first serves.
 *
 * @throws `signal.reason` when the caller leaves: the model is closed then
 */
export async function tuneBeforeOpen({
  signal,
  begin,
  close,
}: TuneBeforeOpenOptions): Promise<void> {
  const leave = () => void close();
  signal?.addEventListener('abort', leave);
  if (signal?.aborted) leave(); // while this was loaded
  await begin().then(
    ({ tune }) => tune(),
    () => {},
  );
  signal?.removeEventListener('abort', leave);
  if (!signal?.aborted) return;
  await close();
  throw signal.reason;
}
