import { isNearsideError, NearsideError } from '@nearside/core';
import { isBackendFault, isHung, isLostWorker } from '../../shared/failures.js';
import type { Serving } from './serving.js';

/** Good runs after which a new version has settled in, and the old one gives its place in a worker up. */
const PROBATION_RUNS = 3;

/** Who takes the next run: one version hands over to another between two runs. */
export interface Handover {
  readonly current: Serving;
  /** Whether no run is under way, and no version on probation. */
  readonly isIdle: boolean;
  /** Does one run on the current version, or on one that is held, and sees how it ends. */
  run<Result>(work: (serving: Serving) => Promise<Result>, held?: Serving): Promise<Result>;
  /**
   * Keeps the current version ready until `release`, whoever takes over: a stream has its state there.
   *
   * @throws as `awake`
   */
  hold(): Promise<{ readonly serving: Serving; release(): void }>;
  /**
   * From the next run on `next` serves. The one before it finishes what it has begun, and stays
   * ready until the new one has settled in. After `close`, `next` is closed.
   */
  take(next: Serving): void;
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
  awake(): Promise<Serving>;
  /** Gives every place in a worker up. */
  close(reason: unknown): Promise<void>;
}

/** Another serving has become the current one. */
export type Handed =
  | { readonly kind: 'took-over' | 'revived'; readonly from: Serving; readonly to: Serving }
  /** What took over has failed soon, and what served before serves again. */
  | GoneBack;

export interface GoneBack {
  readonly kind: 'went-back';
  readonly from: Serving;
  readonly to: Serving;
  readonly error: NearsideError;
}

export interface HandoverOptions {
  /** Starts the version anew after its worker was lost. */
  readonly revive: (lost: Serving) => Promise<Serving>;
  /** Gives what is about to serve more workers, where the engine has them. */
  readonly pool?: ((serving: Serving) => Serving) | undefined;
  /** Told after the first one, of each that comes to serve. */
  readonly onHanded: (event: Handed) => void;
}

export function createHandover(
  first: Serving,
  { revive, pool = (serving) => serving, onHanded }: HandoverOptions,
): Handover {
  let current = pool(first);
  /** The version before, while the current one is on probation. */
  let reserve: Serving | undefined;
  let goodRuns = 0;
  /** Under way after a worker was lost: runs wait for it. */
  let reviving: Promise<void> | undefined;
  let closed: { readonly reason: unknown } | undefined;
  let isResting = false;
  const inFlight = new Map<Serving, number>();
  const leaving = new Map<Serving, unknown>();

  function begin(serving: Serving): void {
    inFlight.set(serving, (inFlight.get(serving) ?? 0) + 1);
  }

  function end(serving: Serving): void {
    const left = (inFlight.get(serving) ?? 1) - 1;
    if (left > 0) inFlight.set(serving, left);
    else inFlight.delete(serving);
    if (leaving.has(serving)) leaveWhenIdle(serving, leaving.get(serving));
  }

  function leaveWhenIdle(serving: Serving, reason: unknown): void {
    leaving.set(serving, reason);
    if (inFlight.has(serving)) return;
    leaving.delete(serving);
    void serving.connection.close(reason);
  }

  function settleIn(): void {
    goodRuns += 1;
    if (!reserve || goodRuns < PROBATION_RUNS) return;
    leaveWhenIdle(reserve, undefined);
    reserve = undefined;
  }

  /** A version that fails while on probation goes, and the one before it takes over again. */
  function goBack(from: Serving, error: NearsideError): void {
    if (from !== current || !reserve) return;
    const to = reserve;
    reserve = undefined;
    current = to;
    leaveWhenIdle(from, error);
    onHanded({ kind: 'went-back', from, to, error });
  }

  /** Another worker takes its place, for the calls that wait and for those that come. */
  function replace(lost: Serving): void {
    if (lost !== current || closed) return;
    reviving ??= revive(lost)
      .then((next) => {
        // An update may have taken over meanwhile.
        if (closed || lost !== current) return void next.connection.close(undefined);
        current = pool(next);
        leaveWhenIdle(lost, undefined);
        onHanded({ kind: 'revived', from: lost, to: current });
        isResting = false;
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
  async function awake(): Promise<Serving> {
    if (current.connection.end) replace(current); // at rest, or lost while nobody called
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
      const { sequence } = current.version.release;
      const isProven = !reserve || reserve.version.release.sequence === sequence;
      return inFlight.size === 0 && !reviving && isProven;
    },
    awake,
    async run(work, held) {
      if (!held && (reviving || current.connection.end)) await awake(); // without a wait nothing can put it to rest in between
      const serving = held ?? current;
      begin(serving);
      try {
        const result = await work(serving);
        if (serving === current) settleIn();
        return result;
      } catch (error) {
        if (isBackendFault(error) || isHung(error)) goBack(serving, error);
        // A pool ends when its last worker is lost.
        if (isLostWorker(error) && serving.connection.end) replace(serving);
        throw error;
      } finally {
        end(serving);
      }
    },
    rest(reason) {
      if (isInUse() || isResting || closed) return false;
      isResting = true;
      void current.connection.close(reason);
      return true;
    },
    async hold() {
      do await awake();
      while (isResting); // it was put to rest between the two
      const serving = current;
      let isHeld = true;
      begin(serving);
      return {
        serving,
        release() {
          if (isHeld) end(serving);
          isHeld = false;
        },
      };
    },
    take(next) {
      if (closed) return void next.connection.close(undefined);
      if (reserve) leaveWhenIdle(reserve, undefined);
      reserve = current;
      if (isResting) {
        // It is not ready to take over again.
        leaveWhenIdle(current, undefined);
        reserve = undefined;
        isResting = false;
      }
      goodRuns = 0;
      const from = current;
      current = pool(next);
      onHanded({ kind: 'took-over', from, to: current });
    },
    async close(reason) {
      closed ??= { reason };
      const ending: Promise<void>[] = [];
      for (const serving of new Set([current, ...(reserve ? [reserve] : []), ...leaving.keys()])) {
        ending.push(serving.connection.close(reason));
      }
      leaving.clear();
      reserve = undefined;
      await Promise.all(ending);
    },
  };
}

/** For a call that comes between. */
export function rested(model: string): NearsideError {
  return new NearsideError('worker-lost', `Expected ${model} to be loaded, got it at rest.`, {
    details: { isAnothers: true },
    retryable: true,
  });
}
