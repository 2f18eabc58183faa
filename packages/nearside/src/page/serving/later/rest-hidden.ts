import { LONGEST_TIMER_MS } from '@nearside/artifact';
import type { DeviceClass } from '@nearside/core';
import { deviceClass } from '../../../shared/device-class.js';
import { isHidden, onVisibilityChange } from '../../../shared/page-events.js';
import { unref } from '../../../shared/timers.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { askWorker } from '../../workers/watchdog.js';
import { type Handover, rested } from '../handover.js';

/** An idle model rests when its page has been hidden for so long, ms. */
const REST_HIDDEN_MS = 60_000;
/** The same on devices that are the first to end hidden pages. */
const HANDHELD_MS: Partial<Record<DeviceClass, number>> = { phone: 15_000, tablet: 15_000 };

/** The model of a hidden page is looked at again after this long at least, ms. */
const AGAIN_MS = 10_000;

/** Open streams, which keep their model from resting. */
const streams = new WeakMap<Handover, number>();

/**
 * A stream begins.
 *
 * @returns a function to be called once, when it ends
 */
export function countStream(handover: Handover): () => void {
  const add = (n: number) => streams.set(handover, (streams.get(handover) ?? 0) + n);
  add(1);
  return () => add(-1);
}

export function hasStreams(handover: Handover): boolean {
  return Boolean(streams.get(handover));
}

export interface RestHiddenOptions {
  readonly plan: Pick<OpenPlan, 'policy' | 'store' | 'unsigned'>;
  readonly handover: Handover;
  /** True while a call waits, or work beside runs is under way. */
  readonly isNeeded: () => boolean;
}

/** Puts a model to rest that nobody uses while its page is hidden, and wakes it when the page is shown. */
export function restWhileHidden({ plan, handover, isNeeded }: RestHiddenOptions) {
  const restMs = plan.policy.restHiddenMs ?? HANDHELD_MS[deviceClass()] ?? REST_HIDDEN_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The model rests because the page is hidden. */
  let isAsleep = false;
  let isOver = false;
  let waking = Promise.resolve();

  function waitFor(ms: number): void {
    clearTimeout(timer);
    if (isOver || !isHidden() || restMs === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(look, Math.min(ms, LONGEST_TIMER_MS));
    unref(timer);
  }

  /** Looks again while the page is hidden: other calls than runs wake the model too, and a stream ends. */
  async function look(): Promise<void> {
    if (!handover.isResting && mayRest() && (await isKept())) {
      const { model } = handover.current.version.release;
      // Another look may have put it to rest meanwhile.
      if (isHidden() && mayRest() && handover.rest(rested(model), true)) isAsleep = true;
    }
    waitFor(Math.max(restMs, AGAIN_MS));
  }

  function mayRest(): boolean {
    return !isNeeded() && !handover.current.noBackend && !hasStreams(handover);
  }

  /** Else a rest would lose what was fetched. */
  async function isKept(): Promise<boolean> {
    const { policy, store, unsigned } = plan;
    if (unsigned) return true; // the page has the files
    if (store === 'memory') return false;
    const how = { watchdogMs: policy.watchdogMs, signal: undefined };
    return askWorker(handover.current.connection, how, (worker) => worker.storage()).then(
      ({ kind, degraded }) => kind !== 'memory' && !degraded,
      () => false,
    );
  }

  function wake(): void {
    clearTimeout(timer);
    if (!isAsleep) return;
    isAsleep = false;
    waking = handover.awake().then(
      () => {},
      () => {}, // the next call says why
    );
  }

  const stopWatching = onVisibilityChange(() => (isHidden() ? waitFor(restMs) : wake()));
  waitFor(restMs);
  return {
    /** A run has ended: the time counts from here. */
    ran: () => waitFor(restMs),
    /** Waits for a model that is being woken. Never rejects. */
    woken: () => waking,
    close(): void {
      isOver = true;
      stopWatching();
      clearTimeout(timer);
    },
  };
}
