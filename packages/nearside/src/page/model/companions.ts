import { shareOnce } from '@nearside/core';
import type { EndedRun } from '../../shared/ended-run.js';
import { keepTrying } from '../../shared/timers.js';
import type { RunQueue } from '../running/run-queue.js';
import type { Handover } from '../serving/handover.js';
import type { JoinEngine } from '../serving/join-engine.js';
import type { ModelContext } from '../serving/serving.js';
import type { Recording } from '../telemetry/recording.js';
import type { BackgroundWork } from './later/background-work.js';
import type { Later } from './load-later.js';

export interface CompanionsOptions {
  readonly context: ModelContext;
  readonly handover: Handover;
  readonly recording: Recording;
  readonly queue: Pick<RunQueue<never, never>, 'waiting'>;
  /** Undefined where joining after the first result is soon enough. */
  readonly joinEngine: JoinEngine | undefined;
  /** Loads the second part of the library, after the first result. */
  readonly later: () => Promise<Pick<Later, 'startBackground' | 'joinEngine'>>;
  readonly closing: AbortSignal;
  /** Closes the model. */
  readonly close: () => Promise<void>;
}

/**
 * Begins the work beside serving, after the first result or when it is asked for: the model's place in its engine,
 * updates, tuning.
 */
export function accompany(options: CompanionsOptions) {
  const { context, handover, recording, queue, joinEngine, later, closing, close } = options;
  let background: BackgroundWork | undefined;
  const joining = {
    engine: context.engine,
    handover,
    close,
    isNeeded: () => queue.waiting > 0 || background?.isAtWork === true,
  };
  let membership = joinEngine?.(joining);

  const used = () => membership?.used();

  const begin = shareOnce(async () => {
    const { startBackground, joinEngine } = await later();
    closing.throwIfAborted();
    membership ??= joinEngine(joining);
    const { isNeeded } = joining;
    background = startBackground({ ...context, handover, queue, recording, isNeeded });
    return background;
  });
  keepTrying(async () => closing.aborted || begin()); // `update` says why it fails

  return {
    /** Begins once, whoever asks. */
    begin,
    get revoked() {
      return background?.revoked;
    },
    ran(run: EndedRun) {
      used();
      background?.ran(run);
    },
    /** To be told after each call that is no run. */
    used,
    /** @returns when everything is written for the next `open` */
    close(reason: unknown) {
      membership?.leave();
      background?.close(reason);
      return background?.saved();
    },
  };
}
