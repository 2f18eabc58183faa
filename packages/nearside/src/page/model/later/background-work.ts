import { contenderOf } from '../../../shared/contenders.js';
import type { RunObserver } from '../../../shared/ended-run.js';
import { rememberChoice } from '../../choice/later/remember-choice.js';
import { createTuner } from '../../later/tuning/tuner.js';
import {
  type KeepCurrentOptions,
  keepCurrent,
  type Updates,
} from '../../later/updating/keep-current.js';

/** What goes on beside serving: updates, tuning, and remembering what came of it. */
export interface BackgroundWork extends Pick<Updates, 'revoked' | 'update'> {
  /** Whether something is under way that needs the worker which serves. */
  readonly isAtWork: boolean;
  /** Looks for a faster backend, once for each version. Until that is done; never rejects. */
  tune(): Promise<void>;
  /** After results: the same, and once more where a faster one is worth its start by then. */
  readonly ran: RunObserver;
  /** Ends what is under way. */
  close(reason: unknown): void;
  /** Until everything is written that the next `open` is to know. */
  saved(): Promise<void>;
}

export interface BackgroundOptions extends KeepCurrentOptions {
  /** Whether there are runs, waiting or under way. */
  readonly hasRuns: () => boolean;
  /** Whether a result was there before this. */
  readonly hasRun: boolean;
}

/** Of files that nobody vouches for there are no versions, and nothing is remembered. */
const NONE: BackgroundWork = {
  revoked: undefined,
  isAtWork: false,
  tune: async () => {},
  ran() {},
  update: async () => undefined,
  close() {},
  saved: async () => {},
};

export function startBackground({
  hasRuns,
  hasRun,
  ...options
}: BackgroundOptions): BackgroundWork {
  const { choice, plan, handover } = options;
  if (plan.unsigned) return NONE;
  const keeper = keepCurrent(options);
  const memory = rememberChoice(choice, plan);
  const tuner = createTuner({
    ...options,
    isBusy: () => hasRuns() || keeper.isLooking,
    onPutOff() {
      tuned = undefined; // until the next result
    },
  });
  let tuned: number | undefined;
  let tuning: Promise<void> = Promise.resolve();

  function tune(): Promise<void> {
    const { sequence } = handover.current.version.release;
    if (tuned !== sequence) tuning = tuner.tune();
    tuned = sequence;
    return tuning;
  }

  if (hasRun) void tune();
  return {
    get revoked() {
      return keeper.revoked;
    },
    get isAtWork() {
      return keeper.isLooking || tuner.isTrying;
    },
    update: keeper.update,
    tune,
    ran({ served, outcome }) {
      if (outcome.kind !== 'ok') return;
      void tune();
      const { batch, times } = outcome.reply;
      tuner.ran(contenderOf(served), times.run / batch);
    },
    close(reason) {
      keeper.close(reason);
      tuner.close(reason);
    },
    saved: memory.saved,
  };
}
