import type { ReleaseIdentity } from '@nearside/artifact';
import { type ErrorCode, isNearsideError, NearsideError } from '@nearside/core';
import { contenderOf } from '../../../shared/contenders.js';
import { isVersionFault } from '../../../shared/failures.js';
import type { GiveUp } from '../../choice/later/count-runs.js';
import { type Handover, rested } from '../../serving/handover.js';
import { sameInterface } from '../../serving/later/revive.js';
import { reject, rollBack } from '../../serving/later/roll-back.js';
import type { ModelContext, Serving } from '../../serving/serving.js';
import { withinWatchdog } from '../../workers/watchdog.js';
import { isDataExpensive } from '../idle-device.js';
import { proveCandidate, startPrevious, type Trial } from './prove-candidate.js';
import { startBeside } from './start-beside.js';
import { startUpdateClock } from './update-clock.js';

/** A repository that any tab has asked so recently is not asked again by itself, ms. */
const RECENTLY_MS = 60_000;

/** A look takes less on the slowest network that is not `too-slow`: beyond that the worker does not answer, ms. */
const LOOK_LIMIT_MS = 300_000;

/** Looks for newer versions of a model while it serves. */
export interface Updates {
  /**
   * Set where the repository was seen to have taken back the version that serves, and nothing else serves. No later
   * look lifts it: a publisher cannot either, and a store that was cleared or put back knows less.
   */
  readonly revoked: NearsideError | undefined;
  /** The version that this install is to run beside the one that serves, as the last look found it. */
  readonly shadow: ReleaseIdentity | undefined;
  /** A look is under way: it needs the worker that serves, and may have found another version. */
  readonly isLooking: boolean;
  /**
   * Looks for another version now. When there is one it is fetched, loaded and checked in a worker
   * of its own, while the present one serves on; then it takes the next run.
   *
   * @returns the version that is ready, or undefined when there is nothing to do
   */
  update(): Promise<ReleaseIdentity | undefined>;
  /** Has the version before the one of this sequence serve again, if that is still the current one. Never rejects. */
  readonly goBack: GiveUp;
  /** Stops looking, and ends a look under way. */
  close(reason: unknown): void;
}

export interface KeepCurrentOptions extends ModelContext {
  readonly handover: Handover;
  /** Waits for a model that is woken because its page is shown again. */
  readonly woken: () => Promise<void>;
}

interface Keeping {
  readonly handover: Handover;
  readonly woken: KeepCurrentOptions['woken'];
  readonly context: ModelContext;
  /** Aborted when the model is closed. */
  readonly closing: AbortSignal;
  /** The look under way. */
  underWay: Promise<ReleaseIdentity | undefined> | undefined;
  /** Nobody has asked for the look under way. */
  isByItself: boolean;
  /** By the sequence of the version. */
  readonly revoked: Map<number, NearsideError>;
  shadow: ReleaseIdentity | undefined;
  /** Sequence of a version that is proven here, but of another interface: it waits for the next `open`. */
  waiting: number | undefined;
  /** Sequence of the version that was to give way last. What hindered that is likely to do so again in this visit. */
  left: number | undefined;
}

interface Look {
  readonly maxAgeMs: number;
  readonly isOptional: boolean;
}

export function keepCurrent({ handover, woken, ...context }: KeepCurrentOptions): Updates {
  const closing = new AbortController();
  const keeping: Keeping = {
    handover,
    woken,
    context,
    closing: closing.signal,
    underWay: undefined,
    isByItself: false,
    revoked: new Map(),
    shadow: undefined,
    waiting: undefined,
    left: undefined,
  };
  const isAuto = context.plan.policy.update === 'auto';
  const stopClock = isAuto ? startUpdateClock(() => void lookByItself(keeping)) : () => {};
  return {
    get revoked() {
      return keeping.revoked.get(handover.current.version.release.sequence);
    },
    get shadow() {
      return keeping.shadow;
    },
    get isLooking() {
      return keeping.underWay !== undefined;
    },
    update: () => update(keeping),
    goBack: (sequence, code) => void goBack(keeping, sequence, code),
    close(reason) {
      stopClock();
      closing.abort(reason);
    },
  };
}

/** A look that fails says so by events where they matter; the next one is in 15 minutes. */
async function lookByItself(keeping: Keeping): Promise<void> {
  await keeping.woken();
  if (keeping.handover.isResting) return; // a model that nobody uses need not be current
  await look(keeping, { maxAgeMs: RECENTLY_MS, isOptional: true }).catch(() => {});
}

/** A look by itself may put off the version that it finds, or know it from another tab only. */
async function update(keeping: Keeping): Promise<ReleaseIdentity | undefined> {
  const byItself = keeping.isByItself ? keeping.underWay : undefined;
  const found = await byItself?.catch(() => undefined);
  return (await look(keeping, { maxAgeMs: 0, isOptional: false })) ?? found;
}

/** One look at a time: whoever asks meanwhile gets the same answer. */
function look(keeping: Keeping, how: Look): Promise<ReleaseIdentity | undefined> {
  if (!keeping.underWay) keeping.isByItself = how.isOptional;
  keeping.underWay ??= findAndTry(keeping, how).finally(() => {
    keeping.underWay = undefined;
  });
  return keeping.underWay;
}

async function findAndTry(
  keeping: Keeping,
  { maxAgeMs, isOptional }: Look,
): Promise<ReleaseIdentity | undefined> {
  const { handover, closing, revoked } = keeping;
  const wasResting = handover.isResting;
  const { connection, version } = await handover.awake();
  const { next, isRevoked, shadow } = await withinWatchdog(
    connection,
    { limitMs: LOOK_LIMIT_MS, signal: closing },
    (connection) => connection.check({ maxAgeMs }),
  );
  keeping.shadow = shadow;
  const refuseIfRevoked = () => {
    if (isRevoked) revoked.set(version.release.sequence, revokedError(version.release));
  };
  if (!next || next.sequence === keeping.waiting) {
    refuseIfRevoked();
    return undefined;
  }
  if (isOptional && !isRevoked && isPutOff(keeping)) return undefined;
  try {
    const proven = await tryOut(keeping, next);
    // It was at rest, and rests again at once: a version at rest is not kept until the new one has settled in.
    if (wasResting) handover.rest(rested(next.model));
    takeOver(keeping, proven);
  } finally {
    // A revoked version serves on while its successor is tried, and no longer.
    refuseIfRevoked();
  }
  return next;
}

/** Data is expensive, or a page was lost while it tried a version on the contender that is tried first. */
function isPutOff({ context: { plan, choice }, handover }: Keeping): boolean {
  const contender = contenderOf(handover.current);
  const mayDie = choice.caution?.keepsFrom('updating', contender) ?? false;
  return mayDie || isDataExpensive(plan.policy.saveData);
}

/** The version that serves learns nothing of the trial: it has a choice of its own. */
async function tryOut(keeping: Keeping, next: ReleaseIdentity): Promise<Serving> {
  const { closing } = keeping;
  const trial: Trial = { triesLeft: undefined };
  try {
    const proven = await startBeside(keeping, (own, current) =>
      proveCandidate(own, next, { current, trial, signal: closing }),
    );
    return proven as Serving; // a candidate is opened, or there is an error
  } catch (error) {
    if (!closing.aborted) await settleFailure(keeping, next, { trial, error });
    throw error;
  }
}

/** As a look it needs the worker that serves, so it waits for one under way. */
async function goBack(keeping: Keeping, sequence: number, code: ErrorCode): Promise<void> {
  if (keeping.left === sequence) return;
  keeping.left = sequence;
  while (keeping.underWay) await keeping.underWay.catch(() => {});
  keeping.isByItself = true;
  keeping.underWay = servePrevious(keeping, sequence, code)
    .catch(() => undefined) // the current one serves on
    .finally(() => {
      keeping.underWay = undefined;
    });
}

/** Without a version before it, as where that was revoked, the current one serves on. */
async function servePrevious(
  keeping: Keeping,
  sequence: number,
  code: ErrorCode,
): Promise<undefined> {
  const { handover, context, closing } = keeping;
  const { release: failed, spec } = handover.current.version;
  if (failed.sequence !== sequence) return;
  const to = await startBeside(keeping, (own, current) =>
    startPrevious(own, { current, signal: closing }),
  );
  if (!to) return;
  const isForThisPage = sameInterface(spec, to.version.spec);
  if (isForThisPage) {
    handover.take(to, isNoFault);
    context.choice.settle(contenderOf(to), { ...to.version.release, haveOthersFailed: false });
  }
  const told = { ...context, failed, to, code };
  await rollBack(told);
  if (!isForThisPage) void to.connection.close(undefined); // the next `open` serves it
}

/** Nothing is left to go back to from the version before. */
function isNoFault(_error: unknown): _error is NearsideError {
  return false;
}

/**
 * A version that was never loaded is not to blame. One that was is told of at its first failure, because a visit may be over
 * before the second, and given up after its last try.
 */
async function settleFailure(
  keeping: Keeping,
  failed: ReleaseIdentity,
  { trial: { triesLeft }, error }: { trial: Trial; error: unknown },
): Promise<void> {
  const { plan, emitter } = keeping.context;
  const code = isNearsideError(error) ? error.code : 'backend-failed';
  if (code === 'task-mismatch') keeping.waiting = failed.sequence; // another page may ask for its task
  const isHopeless = code === 'model-invalid'; // no try would change that
  if (triesLeft === undefined && !isHopeless) return;
  const isFirst = triesLeft === undefined || triesLeft > 0;
  if (isFirst) emitter.emit('version-failed', { version: failed.version, code });
  if (isHopeless || !isFirst) await reject({ failed, to: keeping.handover.current, code, plan });
}

function takeOver(keeping: Keeping, next: Serving): void {
  const { handover, context } = keeping;
  const { emitter, choice } = context;
  const before = handover.current.version;
  const { version, sequence } = next.version.release;
  emitter.emit('version-ready', { version, sequence });
  if (!sameInterface(before.spec, next.version.spec)) {
    keeping.waiting = sequence; // this page's calls would not fit it
    void next.connection.close(undefined);
    return;
  }
  handover.take(next, isVersionFault);
  choice.settle(contenderOf(next), { sequence, haveOthersFailed: false });
  emitter.emit('version-swapped', { from: before.release.version, to: version });
}

function revokedError({ model, version }: ReleaseIdentity): NearsideError {
  return new NearsideError(
    'version-revoked',
    `Expected ${model} ${version} to be on offer, got a repository that has revoked it. Runs are ` +
      'refused until another version serves.',
    { details: { model, version } },
  );
}
