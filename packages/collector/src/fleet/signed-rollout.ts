import { createHash } from 'node:crypto';
import type { Release, Rollout } from '../store/rollup-store.js';
import type { ModelContext } from './query.js';

/** A rollout that devices report or facts name, and what facts say of it. */
export interface SignedRollout extends Rollout {
  /** It was taken back, is for all, or ended by a newer version for all or a newer canary of another salt. */
  readonly isOver: boolean;
  /** Share of all installs that are to have it, 0 … 1. Null where it is not known, or over. */
  readonly share: number | null;
  /** Unix times at which its shares were offered, the oldest first. Empty where they are not known. */
  readonly offeredMs: readonly number[];
  /** Facts do not name its version, or name another rollout of it. */
  readonly lack: 'unknown-version' | 'old-facts' | undefined;
}

type State = Pick<Release, 'state'> & Partial<Pick<Release, 'rollout'>>;

/** @param toMs end of the range: a past one is seen as things stood then, as far as the journal reaches */
export function signedRollouts(
  reported: readonly Rollout[],
  { facts, journal, toMs }: Asked,
): SignedRollout[] {
  const untilThen = journal.filter(({ atMs }) => atMs < toMs);
  const versions = (facts?.versions ?? [])
    .filter(({ state }) => state !== 'shadow') // it serves nowhere
    .toSorted((a, b) => b.sequence - a.sequence);
  const signed = versions.flatMap(({ version, sequence, rollout }) =>
    rollout ? [{ version, sequence, experiment: experimentOf(rollout.salt) }] : [],
  );
  // by the rule of devices: one for all ends canaries before it, even if it was taken back since
  const forAll = versions.find(({ version }) => isThere(version) && !stateOf(version)?.rollout);
  const newest = signed.find(({ version }) => {
    const state = stateOf(version);
    if (!isThere(version) || !state?.rollout) return false;
    return state.state !== 'revoked' && state.state !== 'shadow';
  });
  const isSigned = (one: Rollout) => signed.some((other) => isSame(one, other));
  const unreported = signed.filter((one) => !reported.some((other) => isSame(one, other)));
  return [...reported, ...unreported].map((rollout) => {
    const known = versions.find(({ version }) => version === rollout.version);
    const state = stateOf(rollout.version);
    const isOver =
      (state !== undefined && (state.state === 'revoked' || !state.rollout)) ||
      isAfter(forAll, known) ||
      (isAfter(newest, known) && newest?.experiment !== rollout.experiment);
    const isRunning = !isOver && isSigned(rollout);
    return {
      ...rollout,
      isOver,
      share: (isRunning && state?.rollout && widthOf(state.rollout)) || null,
      offeredMs: (isSigned(rollout) && known?.rollout?.offeredMs) || [],
      lack: isOver || isRunning ? undefined : known ? 'old-facts' : 'unknown-version',
    };
  });

  function stateOf(version: string): State | undefined {
    const own = (one: { readonly version: string }) => one.version === version;
    return untilThen.findLast(own) ?? versions.find(own);
  }

  /** A version that the journal names after the range was not there yet. */
  function isThere(version: string): boolean {
    const isOf = (all: readonly Release[]) => all.some((one) => one.version === version);
    return untilThen.length === 0 || isOf(untilThen) || !isOf(journal);
  }
}

interface Asked extends Pick<ModelContext, 'facts'> {
  readonly journal: readonly Release[];
  readonly toMs: number;
}

type InOrder = { readonly sequence: number } | undefined;

function isAfter(one: InOrder, other: InOrder): boolean {
  return one !== undefined && other !== undefined && one.sequence > other.sequence;
}

/** Names the experiment of a salt, as `experimentOf` of @nearside/artifact does for devices. */
function experimentOf(salt: string): string {
  return createHash('sha256').update(salt).digest('hex').slice(0, 8);
}

function isSame(a: Rollout, b: Rollout): boolean {
  return a.version === b.version && a.experiment === b.experiment;
}

function widthOf({ fromBps, toBps }: NonNullable<Release['rollout']>): number {
  return (toBps - fromBps) / 10_000;
}
