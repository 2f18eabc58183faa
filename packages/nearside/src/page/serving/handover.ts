import { isNearsideError, NearsideError } from '@nearside/core';
import { isBackendFault, isHung, isLostWorker } from '../../shared/failures.js';
import type { Serving } from './serving.js';

/** Good runs after which a new version has settled in, and the old one gives its place in a worker up. */
const PROBATION_RUNS = 3;

/** Who takes the next run: one version hands over to another between two runs. */
export interface Handover {
  readonly current: Serving;
  /** No run is under way, and no version on probation. */
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
   * @param reason the error of a call that comes between: it is done again by the session that is made anew
   * @returns false when it is in use, on probation, or given up already
   */
  rest(reason: NearsideError): boolean;
  readonly isResting: boolean;
  /** A rest would cut nothing: no run, no probation, no revival. */
  readonly mayRest: boolean;
  /** Gives the current version, made anew if it was given up or lost. @throws the error of opening it again */
  awake(): Promise<Serving>;
  /** Gives every place in a worker up. */
  close(reason: unknown): Promise<void>;
}

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

/** A version that took over, until it has had its good runs. */
interface Probation {
  /** The version before. */
  readonly reserve: Serving;
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

interface Handing extends Required<HandoverOptions> {
  state: State;
  /** Runs and holds under way. */
  readonly inFlight: Map<Serving, number>;
  /** Versions that close when they are idle, with the reason that they close with. */
  readonly leaving: Map<Serving, unknown>;
}

export function createHandover(
  first: Serving,
  { revive, pool = (serving) => serving, onHanded }: HandoverOptions,
): Handover {
  const handing: Handing = {
    revive,
    pool,
    onHanded,
    state: { kind: 'serving', current: pool(first) },
    inFlight: new Map(),
    leaving: new Map(),
  };
  return {
    get current() {
      return handing.state.current;
    },
    get isResting() {
      return isResting(handing.state);
    },
    get mayRest() {
      return !isInUse(handing);
    },
    get isIdle() {
      const { current, probation, kind } = handing.state;
      const { sequence } = current.version.release;
      const isProven = !probation || probation.reserve.version.release.sequence === sequence;
      return handing.inFlight.size === 0 && kind !== 'reviving' && isProven;
    },
    awake: () => awake(handing),
    run: (work, held) => runOn(handing, work, held),
    hold: () => hold(handing),
    take: (next) => take(handing, next),
    rest(reason) {
      const { kind, current } = handing.state;
      if (kind !== 'serving' || isInUse(handing)) return false;
      handing.state = { kind: 'resting', current };
      void current.connection.close(reason);
      return true;
    },
    close: (reason) => close(handing, reason),
  };
}

function isResting(state: State): boolean {
  return state.kind === 'resting' || (state.kind === 'reviving' && state.wasResting);
}

function isInUse({ state, inFlight }: Handing): boolean {
  return inFlight.has(state.current) || !!state.probation || state.kind === 'reviving';
}

async function runOn<Result>(
  handing: Handing,
  work: (serving: Serving) => Promise<Result>,
  held: Serving | undefined,
): Promise<Result> {
  const { kind, current } = handing.state;
  // Without a wait nothing can put it to rest in between.
  if (!held && (kind === 'reviving' || current.connection.end)) await awake(handing);
  const serving = held ?? handing.state.current;
  begin(handing, serving);
  try {
    const result = await work(serving);
    settleIn(handing, serving);
    return result;
  } catch (error) {
    if (isBackendFault(error) || isHung(error)) goBack(handing, serving, error);
    // A pool ends when its last worker is lost.
    if (isLostWorker(error) && serving.connection.end) revive(handing, serving);
    throw error;
  } finally {
    end(handing, serving);
  }
}

async function hold(handing: Handing) {
  do await awake(handing);
  while (isResting(handing.state)); // it was put to rest between the two
  const serving = handing.state.current;
  let isHeld = true;
  begin(handing, serving);
  return {
    serving,
    release() {
      if (isHeld) end(handing, serving);
      isHeld = false;
    },
  };
}

function begin({ inFlight }: Handing, serving: Serving): void {
  inFlight.set(serving, (inFlight.get(serving) ?? 0) + 1);
}

function end(handing: Handing, serving: Serving): void {
  const { inFlight, leaving } = handing;
  const left = (inFlight.get(serving) ?? 1) - 1;
  if (left > 0) inFlight.set(serving, left);
  else inFlight.delete(serving);
  if (leaving.has(serving)) leaveWhenIdle(handing, serving, leaving.get(serving));
}

function leaveWhenIdle({ inFlight, leaving }: Handing, serving: Serving, reason?: unknown): void {
  leaving.set(serving, reason);
  if (inFlight.has(serving)) return;
  leaving.delete(serving);
  void serving.connection.close(reason);
}

/** After enough good runs of the current version the one before it goes. */
function settleIn(handing: Handing, serving: Serving): void {
  const { state } = handing;
  const { current, probation } = state;
  if (serving !== current || !probation) return;
  probation.goodRuns += 1;
  if (probation.goodRuns < PROBATION_RUNS) return;
  leaveWhenIdle(handing, probation.reserve);
  state.probation = undefined;
}

/** From the next run on the version of the event serves. */
function hand(handing: Handing, event: Handed, probation?: Probation): void {
  handing.state = { kind: 'serving', current: event.to, probation };
  handing.onHanded(event);
}

/** A version that fails while on probation goes, and the one before it takes over again. */
function goBack(handing: Handing, from: Serving, error: NearsideError): void {
  const { current, probation } = handing.state;
  if (from !== current || !probation) return;
  leaveWhenIdle(handing, from, error);
  hand(handing, { kind: 'went-back', from, to: probation.reserve, error });
}

function take(handing: Handing, next: Serving): void {
  const { state, pool } = handing;
  if (state.kind === 'closed') return void next.connection.close(undefined);
  const { current: from, probation } = state;
  if (probation) leaveWhenIdle(handing, probation.reserve);
  const isReady = !isResting(state); // a version at rest cannot take over again
  if (!isReady) leaveWhenIdle(handing, from);
  const event = { kind: 'took-over', from, to: pool(next) } as const;
  hand(handing, event, isReady ? { reserve: from, goodRuns: 0 } : undefined);
}

/** @throws the reason of `close`; the error of waking from a rest; `no-backend`, when none is left to serve */
async function awake(handing: Handing): Promise<Serving> {
  const { current } = handing.state;
  if (current.connection.end) revive(handing, current); // at rest, or lost while nobody called
  const { state } = handing;
  if (state.kind === 'reviving') {
    await state.revival.catch((error) => {
      const isLast = isNearsideError(error) && error.code === 'no-backend';
      if (state.wasResting || isLast) throw error;
    });
  }
  if (handing.state.kind === 'closed') throw handing.state.reason;
  return handing.state.current;
}

/** Another worker takes the place of a lost one, for the calls that wait and for those that come. */
function revive(handing: Handing, lost: Serving): void {
  const { state, pool } = handing;
  if (lost !== state.current || state.kind === 'reviving' || state.kind === 'closed') return;
  const sinceMs = performance.now();
  const wasResting = state.kind === 'resting';
  const revival = handing.revive(lost).then(
    (next) => {
      // The model is closed, or an update has taken over meanwhile.
      if (handing.state !== reviving) return void next.connection.close(undefined);
      const to = pool(next);
      const tookMs = performance.now() - sinceMs;
      const event = { kind: 'revived', from: lost, to, wasResting, tookMs } as const;
      hand(handing, event, reviving.probation);
      leaveWhenIdle(handing, lost);
    },
    (error) => {
      if (handing.state === reviving) handing.state = state;
      throw error;
    },
  );
  const reviving: State = { ...state, kind: 'reviving', wasResting, revival };
  handing.state = reviving;
  revival.catch(() => {}); // the next run finds the lost worker, says so, and tries again
}

async function close(handing: Handing, reason: unknown): Promise<void> {
  const { state, leaving } = handing;
  const { current, probation } = state;
  const ending = new Set([current, probation?.reserve ?? current, ...leaving.keys()]);
  leaving.clear();
  if (state.kind !== 'closed') handing.state = { kind: 'closed', current, reason };
  await Promise.all([...ending].map(({ connection }) => connection.close(reason)));
}

/** The error of a call that comes while the model is put to rest. */
export function rested(model: string): NearsideError {
  return new NearsideError('worker-lost', `Expected ${model} to be loaded, got it at rest.`, {
    details: { isAnothers: true },
    retryable: true,
  });
}
