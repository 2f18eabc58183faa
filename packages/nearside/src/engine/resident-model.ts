import { onPageReturn } from '../page.js';
import { type Handover, rested } from '../running/handover.js';
import { LONGEST_TIMER_MS, unref } from '../timing/awake-timer.js';
import { probeWorker } from '../workers/probe-worker.js';
import { replaceBloated } from '../workers/replace-bloated.js';
import type { EngineContext } from './engine-context.js';
import type { ResidentModel } from './memory-budget.js';

export interface ResidenceOptions {
  readonly name: string;
  readonly engine: EngineContext;
  readonly handover: Handover;
  /** Whether anything waits, or is under way beside runs. */
  readonly isBusy: () => boolean;
  readonly close: () => Promise<void>;
}

/** A model's place in its engine. */
export interface Residence {
  /** After each call. */
  used(): void;
  leave(): void;
}

export type TakeResidence = (options: ResidenceOptions) => Residence;

/** Lets the engine put a model to rest while nobody uses it, and do its housekeeping after calls. */
export function takeResidence({
  name,
  engine,
  handover,
  isBusy,
  close,
}: ResidenceOptions): Residence {
  let lastUsedMs = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasLeft = false;

  const model: ResidentModel = {
    name,
    close,
    get lastUsedMs() {
      return lastUsedMs;
    },
    get mayRest() {
      return !isBusy() && handover.mayRest;
    },
    get isResting() {
      return handover.isResting;
    },
    get workers() {
      return handover.isResting ? [] : handover.current.connection.workers;
    },
    rest: () => !isBusy() && handover.rest(rested(name)),
    async wake() {
      await handover.awake().catch(() => {});
    },
  };
  engine.models.add(model);

  function restWhenIdle(): void {
    if (engine.idleMs === undefined) return;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        // What is in use now comes here again after its call, except an update's look.
        if (!model.rest() && !handover.isResting) restWhenIdle();
      },
      Math.min(engine.idleMs, LONGEST_TIMER_MS),
    );
    unref(timer);
  }

  const stopWatching = onPageReturn(() => void probeWorker(handover.current.connection));
  restWhenIdle();
  return {
    used() {
      if (hasLeft) return; // calls end after their model was closed, too
      lastUsedMs = performance.now();
      restWhenIdle();
      engine.memory?.settle();
      replaceBloated(engine);
    },
    leave() {
      hasLeft = true;
      clearTimeout(timer);
      stopWatching();
      engine.models.delete(model);
    },
  };
}
