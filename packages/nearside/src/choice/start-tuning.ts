import { isDataExpensive } from '../is-data-expensive.js';
import type { OpenPlan } from '../open-options.js';
import { type TuningOptions, tuneBackends } from './tune-backends.js';

/** Finds a faster backend beside serving, once per version of an open model. */
export interface Tuner {
  /** Asked after every result: until it is done; never rejects. */
  tune(): Promise<void>;
  /** Ends it at once, with the worker it may have started. */
  close(reason: unknown): void;
}

export function createTuner(options: Omit<TuningOptions, 'signal'>): Tuner {
  const { plan, handover } = options;
  const closing = new AbortController();
  const { signal } = closing;
  let tunedSequence: number | undefined;
  let underWay: Promise<void> = Promise.resolve();

  function start(): Promise<void> {
    const { sequence } = handover.current.serving.version.release;
    if (!isTunable(plan) || signal.aborted || tunedSequence === sequence) return underWay;
    tunedSequence = sequence;
    const tuneNow = () => tuneBackends({ ...options, signal });
    underWay = underWay.then(tuneNow).catch(() => {}); // the present one serves on
    return underWay;
  }

  return {
    tune: start,
    close: (reason) => closing.abort(reason),
  };
}

function isTunable({ tune, candidates, policy }: OpenPlan): boolean {
  return tune.when !== 'off' && candidates.length > 1 && !isDataExpensive(policy.saveData);
}
