import { forgetBrokenRecord } from './choice/forget-broken-record.js';
import { rememberChoice } from './choice/remember-choice.js';
import { createTuner } from './choice/tuner.js';
import { watchSpeed } from './choice/watch-speed.js';
import type { RunOutcome } from './running/post-batch.js';
import {
  type CurrencyKeeper,
  type KeepCurrentOptions,
  keepCurrent,
} from './updating/keep-current.js';

/** What goes on beside serving: updates, tuning, and remembering what came of it. */
export interface Companions extends Pick<CurrencyKeeper, 'revoked' | 'update'> {
  /** Whether something is under way that needs the worker which serves. */
  readonly isAtWork: boolean;
  /** Looks for a faster backend, once for each version. Until that is done; never rejects. */
  tune(): Promise<void>;
  /** After results: the same; and again when what serves has become slower. */
  ran(outcomes: readonly RunOutcome[]): void;
  /** Ends what is under way. */
  close(reason: unknown): void;
  /** Until everything is written that the next `open` is to know. */
  saved(): Promise<void>;
}

export interface CompanionOptions extends KeepCurrentOptions {
  /** Whether there are runs. */
  readonly isBusy: () => boolean;
}

/** Of files that nobody vouches for there are no versions, and nothing is remembered. */
const NONE: Companions = {
  revoked: undefined,
  isAtWork: false,
  tune: async () => {},
  ran() {},
  update: async () => undefined,
  close() {},
  saved: async () => {},
};

export function accompanyModel({ isBusy, ...options }: CompanionOptions): Companions {
  const { choice, plan, handover, recording } = options;
  if (plan.unsigned) return NONE;
  const keeper = keepCurrent(options);
  const memory = rememberChoice(choice, plan);
  forgetBrokenRecord(choice, handover.current.serving);
  const tuner = createTuner({
    ...options,
    isBusy: () => isBusy() || keeper.isLooking,
    onPutOff() {
      tuned = undefined; // until the next result
    },
  });
  let tuned: number | undefined;
  let tuning: Promise<void> = Promise.resolve();

  function tune(): Promise<void> {
    const { sequence } = handover.current.serving.version.release;
    if (tuned !== sequence) tuning = tuner.tune();
    tuned = sequence;
    return tuning;
  }

  const watcher = watchSpeed({
    ...{ handover, choice },
    onSlow: (rememberedMs) => void tuner.tuneAgain(rememberedMs),
  });

  /** One of a batch stands for all: they shared its time. */
  function ran(outcomes: readonly RunOutcome[]): void {
    void tune();
    const done = outcomes.find((outcome) => outcome.ok === true);
    if (done) watcher.ran(done.value.times.run / done.value.batch);
  }

  if (recording.lifetime.ok > 0) void tune(); // the result was there before this
  return {
    get revoked() {
      return keeper.revoked;
    },
    get isAtWork() {
      return keeper.isLooking || tuner.isTrying;
    },
    update: keeper.update,
    tune,
    ran,
    close(reason) {
      keeper.close(reason);
      tuner.close(reason);
    },
    saved: memory.saved,
  };
}
