import type { ReleaseIdentity } from '@nearside/artifact';
import { isNearsideError, NearsideError } from '@nearside/core';
import { contenderOf } from '../../../shared/contenders.js';
import { createBackendChoice, EMPTY_RECORD } from '../../choice/backend-choice.js';
import { type Handover, rested } from '../../serving/handover.js';
import { sameInterface } from '../../serving/later/open-again.js';
import { rollBack } from '../../serving/later/roll-back.js';
import type { ModelContext, Serving } from '../../serving/serving.js';
import { withinWatchdog } from '../../workers/watchdog.js';
import { isDataExpensive } from '../idle-device.js';
import { proveCandidate, type Trial } from './prove-candidate.js';
import { startUpdateClock } from './update-clock.js';

/** What any tab has asked of the repository so recently is not asked again by itself, ms. */
const RECENTLY_MS = 60_000;

/** Metadata on the slowest network that is not `too-slow` takes less: the worker does not answer, ms. */
const LOOK_LIMIT_MS = 300_000;

/** Keeps a model current while it serves. */
export interface CurrencyKeeper {
  /**
   * Set where the repository was seen to have taken back what serves, and nothing else serves. No later
   * look lifts it: a publisher cannot either, and a store that was cleared or put back knows less.
   */
  readonly revoked: NearsideError | undefined;
  /** Whether a look is under way: it needs the worker that serves, and may have found another version. */
  readonly isLooking: boolean;
  /**
   * Looks for another version now. When there is one it is fetched, loaded and checked in a worker
   * of its own, while the present one serves on; then it takes the next run.
   *
   * @returns the version that is ready, or undefined when there is nothing to do
   */
  update(): Promise<ReleaseIdentity | undefined>;
  /** Stops looking, and ends a look under way. */
  close(reason: unknown): void;
}

export interface KeepCurrentOptions extends ModelContext {
  readonly handover: Handover;
}

export function keepCurrent({ handover, ...context }: KeepCurrentOptions): CurrencyKeeper {
  const { plan, emitter } = context;
  const closing = new AbortController();
  let underWay: Promise<ReleaseIdentity | undefined> | undefined;
  /** Whether what is under way was asked for by nobody. */
  let isByItself = false;
  /** By the sequence of the version. */
  const revoked = new Map<number, NearsideError>();
  /** Proven here, but of another interface: it waits for the next `open`. */
  let waiting: number | undefined;

  const stopClock =
    plan.policy.update === 'auto' ? startUpdateClock(() => void lookByItself()) : () => {};

  /** A look that fails says so by events where they matter; the next one is in 15 minutes. */
  async function lookByItself(): Promise<void> {
    if (handover.isResting) return; // what nobody uses need not be current
    await look({ maxAgeMs: RECENTLY_MS, isOptional: true }).catch(() => {});
  }

  /** One look at a time: whoever asks meanwhile gets the same answer. */
  function look(how: { maxAgeMs: number; isOptional: boolean }) {
    if (!underWay) isByItself = how.isOptional;
    underWay ??= findAndTry(how).finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  /** A look by itself may put off what it finds, or know it from another tab only. */
  async function update(): Promise<ReleaseIdentity | undefined> {
    const found = isByItself ? await underWay?.catch(() => undefined) : undefined;
    return (await look({ maxAgeMs: 0, isOptional: false })) ?? found;
  }

  async function findAndTry({
    maxAgeMs,
    isOptional,
  }: {
    maxAgeMs: number;
    isOptional: boolean;
  }): Promise<ReleaseIdentity | undefined> {
    const wasResting = handover.isResting;
    const serving = await handover.awake();
    const { next, isRevoked } = await withinWatchdog(
      serving.connection,
      { limitMs: LOOK_LIMIT_MS, signal: closing.signal },
      (connection) => connection.check({ maxAgeMs }),
    );
    const refuseIfRevoked = () => {
      const { release } = serving.version;
      if (isRevoked) revoked.set(release.sequence, revokedError(release));
    };
    if (!next || next.sequence === waiting) {
      refuseIfRevoked();
      return undefined;
    }
    if (isOptional && !isRevoked && isDataExpensive(plan.policy.saveData)) return undefined;
    try {
      const proven = await tryOut(next);
      // Nobody called it, and nobody need go back to it: it does not wait until the new one has settled in.
      if (wasResting) handover.rest(rested(next.model));
      takeOver(proven);
    } finally {
      // What was revoked serves on while its successor is tried, and no longer.
      refuseIfRevoked();
    }
    return next;
  }

  async function tryOut(next: ReleaseIdentity): Promise<Serving> {
    const trial: Trial = { triesLeft: undefined };
    const current = handover.current;
    // What comes of it says nothing of the version that serves.
    const choice = createBackendChoice(plan, { ...EMPTY_RECORD, start: contenderOf(current) });
    const trying = { ...context, choice };
    try {
      return await proveCandidate(trying, next, { current, trial, signal: closing.signal });
    } catch (error) {
      if (!closing.signal.aborted) await settleFailure(next, trial, error);
      throw error;
    }
  }

  /** What was never loaded is not to blame; what was, is reported, and given up after its last try. */
  async function settleFailure(
    failed: ReleaseIdentity,
    { triesLeft }: Trial,
    error: unknown,
  ): Promise<void> {
    const code = isNearsideError(error) ? error.code : 'backend-failed';
    if (code === 'model-invalid')
      return rollBack({ failed, to: handover.current, code, plan, emitter }); // no try would change that
    if (code === 'task-mismatch') waiting = failed.sequence; // for a page that asks for its task
    if (triesLeft === undefined) return;
    emitter.emit('version-failed', { version: failed.version, code });
    if (triesLeft > 0) return;
    await rollBack({ failed, to: handover.current, code, plan, emitter });
  }

  function takeOver(next: Serving): void {
    const before = handover.current.version;
    const { version, sequence } = next.version.release;
    emitter.emit('version-ready', { version, sequence });
    if (!sameInterface(before.spec, next.version.spec)) {
      waiting = sequence; // this page's calls would not fit it
      void next.connection.close(undefined);
      return;
    }
    handover.take(next);
    context.choice.settle(contenderOf(next), { sequence, haveOthersFailed: false });
    emitter.emit('version-swapped', { from: before.release.version, to: version });
  }

  return {
    get revoked() {
      return revoked.get(handover.current.version.release.sequence);
    },
    get isLooking() {
      return underWay !== undefined;
    },
    update,
    close(reason) {
      stopClock();
      closing.abort(reason);
    },
  };
}

function revokedError({ model, version }: ReleaseIdentity): NearsideError {
  return new NearsideError(
    'version-revoked',
    `Expected ${model} ${version} to be on offer, got a repository that has revoked it. Runs are ` +
      'refused until another version serves.',
    { details: { model, version } },
  );
}
