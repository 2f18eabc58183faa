import { isNearsideError, type NearsideError } from '@nearside/core';
import { isBackendFault, isHung, isLostWorker } from '../failures/backend-fault.js';
import type { Serving } from '../opening/serving.js';
import type { Recorder } from '../telemetry/recorder.js';

/** Good runs after which a new version has settled in, and the old one gives its place in a worker up. */
const PROBATION_RUNS = 3;

/** One version while it takes runs, or still finishes some. */
export interface Shift {
  readonly serving: Serving;
  /** A report speaks of one version: each has a recorder of its own. */
  readonly recorder: Recorder;
}

/** Who takes the next run: one version hands over to another between two runs. */
export interface Handover {
  readonly current: Shift;
  /** Whether no run is under way, and no version on probation. */
  readonly isIdle: boolean;
  /** Does one run on the current version, or on one that is held, and sees how it ends. */
  run<Result>(work: (shift: Shift) => Promise<Result>, held?: Shift): Promise<Result>;
  /**
   * Keeps the current version ready until `release`, whoever takes over: a stream has its state there.
   *
   * @throws as `awake`
   */
  hold(): Promise<{ readonly shift: Shift; release(): void }>;
  /**
   * From the next run on `next` serves. The one before it finishes what it has begun, and stays
   * ready until the new one has settled in. After `close`, `next` is closed.
   */
  take(next: Shift): void;
  /**
   * Gives the session up while nobody calls; the next call has it made anew, from the cache.
   *
   * @param reason for a call that comes between: it is done by the session that is made anew
   * @returns false when it is in use, on probation, or given up already
   */
  rest(reason: NearsideError): boolean;
  readonly isResting: boolean;
  /** Whether a rest would cut nothing: no run, no probation, no revival. */
  readonly mayRest: boolean;
  /** The current version, made anew if it was given up or lost. @throws what opening it again threw */
  awake(): Promise<Shift>;
  /** Gives every place in a worker up. */
  close(reason: unknown): Promise<void>;
}

/** A version or backend that has failed soon after it took over, and the one before it. */
export interface GoBack {
  readonly failed: Shift;
  readonly to: Shift;
  readonly error: NearsideError;
}

export interface HandoverOptions {
  /** Starts the version anew after its worker was lost. */
  readonly revive: (lost: Shift) => Promise<Shift>;
  /** Told when what took over has failed soon, and what served before serves again. */
  readonly onGoBack: (event: GoBack) => Promise<void>;
}

export function createHandover(first: Shift, { revive, onGoBack }: HandoverOptions): Handover {
  let current = first;
  /** The version before, while the current one is on probation. */
  let reserve: Shift | undefined;
  let goodRuns = 0;
  /** Under way after a worker was lost: runs wait for it. */
  let reviving: Promise<void> | undefined;
  let closed: { readonly reason: unknown } | undefined;
  let isResting = false;
  const inFlight = new Map<Shift, number>();
  const leaving = new Map<Shift, unknown>();

  function begin(shift: Shift): void {
    inFlight.set(shift, (inFlight.get(shift) ?? 0) + 1);
  }

  function end(shift: Shift): void {
    const left = (inFlight.get(shift) ?? 1) - 1;
    if (left > 0) inFlight.set(shift, left);
    else inFlight.delete(shift);
    if (leaving.has(shift)) leaveWhenIdle(shift, leaving.get(shift));
  }

  function leaveWhenIdle(shift: Shift, reason: unknown): void {
    leaving.set(shift, reason);
    if (inFlight.has(shift)) return;
    leaving.delete(shift);
    void shift.serving.connection.close(reason);
  }

  function settleIn(): void {
    goodRuns += 1;
    if (!reserve || goodRuns < PROBATION_RUNS) return;
    leaveWhenIdle(reserve, undefined);
    reserve = undefined;
  }

  /** A version that fails while on probation goes, and the one before it takes over again. */
  function goBack(from: Shift, error: NearsideError): void {
    if (from !== current || !reserve) return;
    const to = reserve;
    reserve = undefined;
    current = to;
    leaveWhenIdle(from, error);
    onGoBack({ failed: from, to, error }).catch(() => {}); // the next `open` will see it fail
  }

  /** Another worker takes its place, for the calls that wait and for those that come. */
  function replace(lost: Shift): void {
    if (lost !== current || closed) return;
    reviving ??= revive(lost)
      .then((next) => {
        // An update may have taken over meanwhile.
        if (closed || lost !== current) return void next.serving.connection.close(undefined);
        current = next;
        isResting = false;
        leaveWhenIdle(lost, undefined);
      })
      .finally(() => {
        reviving = undefined;
      });
    reviving.catch(() => {}); // the next run finds the lost worker, says so, and tries again
  }

  function isInUse(): boolean {
    return inFlight.has(current) || !!reserve || !!reviving;
  }

  /** @throws what `close` was given; NearsideError what a rest cannot be ended for; `no-backend`, when none is left to serve */
  async function awake(): Promise<Shift> {
    if (current.serving.connection.end) replace(current); // at rest, or lost while nobody called
    if (isResting) await reviving;
    else {
      await reviving?.catch((error) => {
        if (isNearsideError(error) && error.code === 'no-backend') throw error;
      });
    }
    if (closed) throw closed.reason;
    return current;
  }

  return {
    get current() {
      return current;
    },
    get isResting() {
      return isResting;
    },
    get mayRest() {
      return !isInUse();
    },
    get isIdle() {
      const { sequence } = current.serving.version.release;
      const isProven = !reserve || reserve.serving.version.release.sequence === sequence;
      return inFlight.size === 0 && !reviving && isProven;
    },
    awake,
    async run(work, held) {
      if (!held && (reviving || current.serving.connection.end)) await awake(); // else it is in use from now on
      const shift = held ?? current;
      begin(shift);
      try {
        const result = await work(shift);
        if (shift === current) settleIn();
        return result;
      } catch (error) {
        if (isBackendFault(error) || isHung(error)) goBack(shift, error);
        // Of a pool others may be left.
        if (isLostWorker(error) && shift.serving.connection.end) replace(shift);
        throw error;
      } finally {
        end(shift);
      }
    },
    rest(reason) {
      if (isInUse() || isResting || closed) return false;
      isResting = true;
      void current.serving.connection.close(reason);
      return true;
    },
    async hold() {
      do await awake();
      while (isResting); // it was put to rest between the two
      const shift = current;
      let isHeld = true;
      begin(shift);
      return {
        shift,
        release() {
          if (isHeld) end(shift);
          isHeld = false;
        },
      };
    },
    take(next) {
      if (closed) return void next.serving.connection.close(undefined);
      if (reserve) leaveWhenIdle(reserve, undefined);
      reserve = current;
      if (isResting) {
        // It is not ready to take over again.
        leaveWhenIdle(current, undefined);
        reserve = undefined;
        isResting = false;
      }
      goodRuns = 0;
      current = next;
    },
    async close(reason) {
      closed ??= { reason };
      const ending: Promise<void>[] = [];
      for (const shift of new Set([current, ...(reserve ? [reserve] : []), ...leaving.keys()])) {
        ending.push(shift.serving.connection.close(reason));
      }
      leaving.clear();
      reserve = undefined;
      await Promise.all(ending);
    },
  };
}
