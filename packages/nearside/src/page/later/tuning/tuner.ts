import { type Contender, contenderOf, isSameContender } from '../../../shared/contenders.js';
import { isDataExpensive } from '../../options/later/is-data-expensive.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { PROBE_MS, withinWatchdog } from '../../workers/watchdog.js';
import { createLossOfRuns } from './loss-of-runs.js';
import { type TuningOptions, tuneBackends } from './tune-backends.js';
import { isBatteryLow, warmUp } from './warm-up.js';
import { whenIdle } from './when-idle.js';

/** Finds a faster backend beside serving. */
export interface Tuner {
  /** Whether it tries contenders now, which needs the worker that serves. */
  readonly isTrying: boolean;
  /** For the version that serves now; until it is done. Never rejects. */
  tune(): Promise<void>;
  /**
   * After each run: has the faster one started that is known, once runs have lost what that costs.
   *
   * @param runMs one input's share
   */
  ran(serving: Contender, runMs: number): void;
  /** Ends it at once, with the worker it may have started. */
  close(reason: unknown): void;
}

export function createTuner(
  options: Omit<TuningOptions, 'signal' | 'trial' | 'isWorthStart'>,
): Tuner {
  const { plan, choice, handover } = options;
  const closing = new AbortController();
  let underWay: Promise<void> = Promise.resolve();
  const trial = { isUnderWay: false };
  const loss = createLossOfRuns(choice, plan);
  const isWorthStart = () => plan.tune.when === 'before-open' || loss.isWorthStart;
  const all: TuningOptions = { ...options, trial, isWorthStart, signal: closing.signal };

  /** One after another. */
  function queue(work: () => Promise<void>): Promise<void> {
    underWay = underWay.then(work).catch(() => {}); // the present one serves on
    return underWay;
  }

  return {
    get isTrying() {
      return trial.isUnderWay;
    },
    async tune() {
      if (isTunable(plan)) await queue(() => tuneBackends(all));
      if (mayTune(plan)) void queue(() => warmUpWhenIdle(all)); // nobody waits for it
    },
    ran(serving, runMs) {
      const { current } = handover;
      // A stream may run on with what served when it began.
      const isPast = !isSameContender(serving, contenderOf(current));
      if (plan.tune.when !== 'idle' || !isTunable(plan) || isPast) return;
      const wasWorth = loss.isWorthStart;
      loss.add(serving, runMs);
      if (wasWorth || !loss.isWorthStart) return;
      void queue(() => tuneBackends(all)).then(() => {
        const wasInVain = handover.current === current;
        loss.startOver({ wasInVain });
        if (!wasInVain) void queue(() => warmUpWhenIdle(all));
      });
    },
    close: (reason) => closing.abort(reason),
  };
}

function isTunable(plan: OpenPlan): boolean {
  return plan.contenders.length > 1 && mayTune(plan);
}

/** Whether idle time may be used, for warming up too. */
export function mayTune({ tune, policy }: OpenPlan): boolean {
  return tune.when !== 'off' && !isDataExpensive(policy.saveData);
}

/**
 * A run that takes so many times as long as one before it hangs, or its worker is gone, as that of a page which the
 * browser kept aside: calls would wait for it.
 */
const SLOWEST = 20;

/** Unless it has no golden case to run, or runs in the page's own thread, as in Node. */
async function warmUpWhenIdle({ plan, handover, isBusy, signal }: TuningOptions): Promise<void> {
  const { watchdogMs } = plan.policy;
  const { connection, loaded } = handover.current;
  if (!loaded.isProven || !('document' in globalThis) || (await isBatteryLow())) return;
  const isShared = () =>
    connection.workers.length > 1 || connection.workers.some(({ models }) => models > 1);
  const isWorking = () => connection.workers.some(({ calls }) => calls > 0);
  let longestMs = 2 * watchdogMs;
  await warmUp({
    async time() {
      const limitMs = isShared() ? 2 * watchdogMs : longestMs; // it may stand behind what another model does
      const ms = await withinWatchdog(connection, { limitMs, signal }, ({ time }) => time());
      longestMs = PROBE_MS + SLOWEST * ms;
      return ms;
    },
    idle: () => whenIdle({ isBusy: () => isBusy() || isWorking(), signal }),
  });
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
