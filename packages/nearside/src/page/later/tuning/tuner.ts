import { type Contender, contenderOf, isSameContender } from '../../../shared/contenders.js';
import { BESIDE_RUNS, workOf } from '../../choice/page-mark.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { PROBE_MS, withinWatchdog } from '../../workers/watchdog.js';
import { isBatteryLow, isDataExpensive, whenIdle } from '../idle-device.js';
import { createLossOfRuns } from './loss-of-runs.js';
import { median } from './time-beside.js';
import { type TuningOptions, tuneBackends } from './tune-backends.js';

/** Finds a faster backend beside serving. */
export interface Tuner {
  /** It tries contenders now, which needs the worker that serves. */
  readonly isTrying: boolean;
  /** Looks for a faster backend for the version that serves now. Resolves when it is done. Never rejects. */
  tune(): Promise<void>;
  /**
   * To be called after each run. A backend that is known to be faster is started once runs have lost what that costs.
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

  /** Work is done one after another. */
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

/** Idle time may be used, for warming up too. */
export function mayTune({ tune, policy }: OpenPlan): boolean {
  return tune.when !== 'off' && !isDataExpensive(policy.saveData);
}

/**
 * A run that takes so many times as long as the one before hangs, or its worker was lost while the browser kept the page
 * aside: calls would wait for it.
 */
const SLOWEST = 20;

/** Does nothing without a case to run, or in the page's own thread, as in Node. */
async function warmUpWhenIdle(options: TuningOptions): Promise<void> {
  const { plan, choice, handover, mark, isBusy, signal } = options;
  const { watchdogMs } = plan.policy;
  const serving = handover.current;
  const { connection, loaded } = serving;
  if (loaded.verdict === 'unproven' || !('document' in globalThis) || (await isBatteryLow()))
    return;
  if (choice.caution?.keepsFrom('warming', contenderOf(serving))) return;
  const isShared = () =>
    connection.workers.length > 1 || connection.workers.some(({ models }) => models > 1);
  const isWorking = () => connection.workers.some(({ calls }) => calls > 0);
  let isMarked = false;
  const setMark = (isAtWork: boolean) => {
    if (isMarked !== isAtWork) mark(BESIDE_RUNS, isAtWork ? workOf('warming', serving) : undefined);
    isMarked = isAtWork;
  };
  let longestMs = 2 * watchdogMs;
  await warmUp({
    async time() {
      setMark(true);
      const limitMs = isShared() ? 2 * watchdogMs : longestMs; // another model's run may come first
      const ms = await withinWatchdog(connection, { limitMs, signal }, ({ time }) => time());
      longestMs = PROBE_MS + SLOWEST * ms;
      return ms;
    },
    async idle() {
      const isInTheWay = () => isBusy() || isWorking();
      if (isInTheWay()) setMark(false);
      await whenIdle({ isBusy: isInTheWay, signal });
    },
  }).finally(() => setMark(false));
}

/** Warming up ends after so long, ms, and after so many runs. */
const MOST_MS = 2_000;
const MOST_RUNS = 500;

/** No run follows one that took longer, ms: somebody's call may have to wait for it. */
const LONGEST_MS = 500;

/** So many runs are compared with as many before them, from so many on: code is optimised in steps. */
const COMPARED = 5;
const LEAST_RUNS = 20;

/** Medians closer than this are the same. */
const MARGIN = 0.1;

export interface WarmUpOptions {
  /** Runs the first golden case, or its `warmUp`. @returns how long a run took, ms */
  readonly time: () => Promise<number>;
  /** Awaited before each run. */
  readonly idle: () => Promise<void>;
}

/**
 * Runs a golden case until runs stop getting faster: browsers optimise the code of a runtime while it runs, and the
 * first dozen runs take twice as long. Somebody's call waits for one of these at most.
 *
 * @throws what `time` and `idle` reject with
 */
export async function warmUp({ time, idle }: WarmUpOptions): Promise<void> {
  const times: number[] = [];
  let spentMs = 0;
  let ms = 0;
  while (spentMs < MOST_MS && ms <= LONGEST_MS && times.length < MOST_RUNS && !isSettled(times)) {
    await idle();
    const startMs = performance.now();
    ms = await time();
    times.push(ms);
    spentMs += performance.now() - startMs;
  }
}

function isSettled(times: readonly number[]): boolean {
  if (times.length < LEAST_RUNS) return false;
  const last = median(times.slice(-COMPARED));
  const before = median(times.slice(-2 * COMPARED, -COMPARED));
  return Math.abs(last - before) <= MARGIN * before;
}

export interface TuneBeforeOpenOptions {
  /** The signal that `open` was given. */
  readonly signal: AbortSignal | undefined;
  readonly begin: () => Promise<{ tune(): Promise<void> }>;
  readonly close: () => Promise<void>;
}

/**
 * Looks for a faster backend while the caller waits; without one the first serves.
 *
 * @throws `signal.reason` when the caller leaves: the model is closed then
 */
export async function tuneBeforeOpen(options: TuneBeforeOpenOptions): Promise<void> {
  const { signal, begin, close } = options;
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
