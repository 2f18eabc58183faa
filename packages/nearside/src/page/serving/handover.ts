import { isNearsideError, NearsideError } from '@nearside/core';
import { SETTLING_RUNS } from '../../shared/ended-run.js';
import { isLostWorker } from '../../shared/failures.js';
import type { Serving } from './serving.js';

/** Another serving has become the current one. */
export type Handed =
  | { readonly kind: 'took-over'; readonly from: Serving; readonly to: Serving }
  | {
      readonly kind: 'revived';
      readonly from: Serving;
      readonly to: Serving;
      readonly wasResting: boolean;
      readonly tookMs: number;
    }
  /** The version that took over has failed soon, and the one before serves again. */
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
  /** Gives a version that is about to serve more workers, where the engine has them. */
  readonly pool?: (serving: Serving) => Serving;
  /** Told after the first one, of each that comes to serve. */
  readonly onHanded: (event: Handed) => void;
}

/** Tells whether a version that took over did wrong by itself in a run: `failures.ts` says so. */
type IsItsFault = (error: unknown) => error is NearsideError;

/** A version that took over, until it has settled in: then the one before it gives its place in a worker up. */
interface Probation {
  /** The version before. */
  readonly reserve: Serving;
  readonly isItsFault: IsItsFault;
  goodRuns: number;
}

type State =
  | { readonly kind: 'serving'; readonly current: Serving; probation?: Probation | undefined }
  /** The session was given up while nobody called. */
  | { readonly kind: 'resting'; readonly current: Serving; probation?: undefined }
  /** The current version was lost, or woken from a rest: runs wait for the revival. */
  | {
      readonly kind: 'reviving';
      readonly current: Serving;
      probation?: Probation | undefined;
      readonly wasResting: boolean;
      readonly revival: Promise<void>;
    }
  | {
      readonly kind: 'closed';
      readonly current: Serving;
      probation?: undefined;
      readonly reason: unknown;
    };

/** Says who takes the next run: one version hands over to another between two runs. */
export class Handover {
  readonly #options: HandoverOptions;
  #state: State;
  /** Runs and holds under way. */
  readonly #inFlight = new Map<Serving, number>();
  /** Versions that close when they are idle, with the reason that they close with. */
  readonly #leaving = new Map<Serving, unknown>();

  constructor(first: Serving, options: HandoverOptions) {
    this.#options = options;
    this.#state = { kind: 'serving', current: this.#pool(first) };
  }

  get current(): Serving {
    return this.#state.current;
  }

  get isResting(): boolean {
    return isResting(this.#state);
  }

  /** No run is under way, and no version on probation. */
  get isIdle(): boolean {
    const { current, probation, kind } = this.#state;
    const { sequence } = current.version.release;
    const isProven = !probation || probation.reserve.version.release.sequence === sequence;
    return this.#inFlight.size === 0 && kind !== 'reviving' && isProven;
  }

  /** A rest would cut nothing: no run, no probation, no revival. */
  get mayRest(): boolean {
    const { current, probation, kind } = this.#state;
    return !this.#inFlight.has(current) && !probation && kind !== 'reviving';
  }

  /** Does one run on the current version, or on one that is held, and sees how it ends. */
  async run<Result>(work: (serving: Serving) => Promise<Result>, held?: Serving): Promise<Result> {
    const { kind, current } = this.#state;
    // Without a wait nothing can put it to rest in between.
    if (!held && (kind === 'reviving' || current.connection.end)) await this.awake();
    const serving = held ?? this.current;
    this.#begin(serving);
    try {
      const result = await work(serving);
      this.#settleIn(serving);
      return result;
    } catch (error) {
      this.#goBack(serving, error);
      // A pool ends when its last worker is lost.
      if (isLostWorker(error) && serving.connection.end) this.#revive(serving);
      throw error;
    } finally {
      this.#end(serving);
    }
  }

  /**
   * Keeps the current version ready until `release`, whoever takes over: a stream has its state there.
   *
   * @throws as `awake`
   */
  async hold(): Promise<{ readonly serving: Serving; release(): void }> {
    do await this.awake();
    while (this.isResting); // it was put to rest between the two
    const serving = this.current;
    let isHeld = true;
    this.#begin(serving);
    return {
      serving,
      release: () => {
        if (isHeld) this.#end(serving);
        isHeld = false;
      },
    };
  }

  /**
   * From the next run on `next` serves. The one before it finishes what it has begun, and stays
   * ready until the new one has settled in. After `close`, `next` is closed.
   */
  take(next: Serving, isItsFault: IsItsFault): void {
    const state = this.#state;
    if (state.kind === 'closed') return void next.connection.close(undefined);
    const { current: from, probation } = state;
    if (probation) this.#leaveWhenIdle(probation.reserve);
    const isReady = !isResting(state); // a version at rest cannot take over again
    if (!isReady) this.#leaveWhenIdle(from);
    const event = { kind: 'took-over', from, to: this.#pool(next) } as const;
    this.#hand(event, isReady ? { reserve: from, isItsFault, goodRuns: 0 } : undefined);
  }

  /**
   * Gives the session up while nobody calls; the next call has it made anew, from the cache.
   *
   * @param reason the error of a call that comes between: it is done again by the session that is made anew
   * @param endsProbation a version on probation rests too, and the one before it goes for good
   * @returns false when it is in use, on probation, or given up already
   */
  rest(reason: NearsideError, endsProbation = false): boolean {
    const { kind, current, probation } = this.#state;
    if (kind !== 'serving' || this.#inFlight.has(current)) return false;
    if (probation) {
      if (!endsProbation) return false;
      this.#leaveWhenIdle(probation.reserve);
    }
    this.#state = { kind: 'resting', current };
    void current.connection.close(reason);
    return true;
  }

  /**
   * Gives the current version, made anew if it was given up or lost.
   *
   * @throws the reason of `close`; the error of waking from a rest; `no-backend`, when none is left to serve
   */
  async awake(): Promise<Serving> {
    const { current } = this;
    if (current.connection.end) this.#revive(current); // at rest, or lost while nobody called
    const state = this.#state;
    if (state.kind === 'reviving') {
      await state.revival.catch((error) => {
        const isLast = isNearsideError(error) && error.code === 'no-backend';
        if (state.wasResting || isLast) throw error;
      });
    }
    if (this.#state.kind === 'closed') throw this.#state.reason;
    return this.current;
  }

  /** Gives every place in a worker up. */
  async close(reason: unknown): Promise<void> {
    const { current, probation, kind } = this.#state;
    const ending = new Set([current, probation?.reserve ?? current, ...this.#leaving.keys()]);
    this.#leaving.clear();
    if (kind !== 'closed') this.#state = { kind: 'closed', current, reason };
    await Promise.all([...ending].map(({ connection }) => connection.close(reason)));
  }

  #pool(serving: Serving): Serving {
    return this.#options.pool?.(serving) ?? serving;
  }

  #begin(serving: Serving): void {
    this.#inFlight.set(serving, (this.#inFlight.get(serving) ?? 0) + 1);
  }

  #end(serving: Serving): void {
    const left = (this.#inFlight.get(serving) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(serving, left);
    else this.#inFlight.delete(serving);
    if (this.#leaving.has(serving)) this.#leaveWhenIdle(serving, this.#leaving.get(serving));
  }

  #leaveWhenIdle(serving: Serving, reason?: unknown): void {
    this.#leaving.set(serving, reason);
    if (this.#inFlight.has(serving)) return;
    this.#leaving.delete(serving);
    void serving.connection.close(reason);
  }

  /** From the next run on the version of the event serves. */
  #hand(event: Handed, probation?: Probation): void {
    this.#state = { kind: 'serving', current: event.to, probation };
    this.#options.onHanded(event);
  }

  /** After enough good runs of the current version the one before it goes. */
  #settleIn(serving: Serving): void {
    const state = this.#state;
    const { current, probation } = state;
    if (serving !== current || !probation) return;
    probation.goodRuns += 1;
    if (probation.goodRuns < SETTLING_RUNS) return;
    this.#leaveWhenIdle(probation.reserve);
    state.probation = undefined;
  }

  /** A version that fails while on probation goes, and the one before it takes over again. */
  #goBack(from: Serving, error: unknown): void {
    const { current, probation } = this.#state;
    if (from !== current || !probation?.isItsFault(error)) return;
    this.#leaveWhenIdle(from, error);
    this.#hand({ kind: 'went-back', from, to: probation.reserve, error });
  }

  /** Another worker takes the place of a lost one, for the calls that wait and for those that come. */
  #revive(lost: Serving): void {
    const state = this.#state;
    if (lost !== state.current || state.kind === 'reviving' || state.kind === 'closed') return;
    const sinceMs = performance.now();
    const wasResting = state.kind === 'resting';
    const revival = this.#options.revive(lost).then(
      (next) => {
        // The model is closed, or an update has taken over meanwhile.
        if (this.#state !== reviving) return void next.connection.close(undefined);
        const to = this.#pool(next);
        const tookMs = performance.now() - sinceMs;
        const event = { kind: 'revived', from: lost, to, wasResting, tookMs } as const;
        this.#hand(event, reviving.probation);
        this.#leaveWhenIdle(lost);
      },
      (error) => {
        if (this.#state === reviving) this.#state = state;
        throw error;
      },
    );
    const reviving: State = { ...state, kind: 'reviving', wasResting, revival };
    this.#state = reviving;
    revival.catch(() => {}); // the next run finds the lost worker, says so, and tries again
  }
}

function isResting(state: State): boolean {
  return state.kind === 'resting' || (state.kind === 'reviving' && state.wasResting);
}

/** The error of a call that comes while the model is put to rest. Its backend has no part in that, so it is not blamed. */
export function rested(model: string): NearsideError {
  return new NearsideError(
    'worker-lost',
    `Expected ${model} to be loaded, but it rests. Its next call loads it.`,
    {
      details: { isAnothers: true },
      retryable: true,
    },
  );
}
