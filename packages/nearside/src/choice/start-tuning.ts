import type { OpenPlan } from '../open-options.js';
import type { TuningOptions } from './tune-backends.js';
import { whenIdle } from './when-idle.js';

/** Finds a faster backend beside serving, once per version of an open model. */
export interface Tuner {
  /** From the first result on, whenever one came. */
  begin(): void;
  /** Until it is done; never rejects. */
  tune(): Promise<void>;
  /** Ends it at once, with the worker it may have started. */
  close(reason: unknown): void;
}

export interface TunerOptions extends Omit<TuningOptions, 'idle' | 'signal'> {
  /** Whether the model itself has something to do. */
  readonly isBusy: () => boolean;
}

export function createTuner({ isBusy, ...options }: TunerOptions): Tuner {
  const { plan, handover } = options;
  const closing = new AbortController();
  const { signal } = closing;
  let tunedSequence: number | undefined;
  let underWay: Promise<void> = Promise.resolve();

  function start(idle: () => Promise<void>): Promise<void> {
    const { sequence } = handover.current.serving.version.release;
    if (!isTunable(plan) || signal.aborted || tunedSequence === sequence) return underWay;
    tunedSequence = sequence;
    underWay = underWay.then(() => tuneAlone(idle)).catch(() => {}); // the present one serves on
    return underWay;
  }

  /** Loaded when it is needed, which is after the first result. */
  async function tuneAlone(idle: () => Promise<void>): Promise<void> {
    await idle();
    const { tuneBackends } = await import('./tune-backends.js');
    await tuneBackends({ ...options, idle, signal });
  }

  return {
    begin: () => void start(() => whenIdle({ isBusy, signal })),
    tune: () => start(async () => signal.throwIfAborted()),
    close: (reason) => closing.abort(reason),
  };
}

function isTunable({ tune, candidates }: OpenPlan): boolean {
  return tune.when !== 'off' && candidates.length > 1;
}
