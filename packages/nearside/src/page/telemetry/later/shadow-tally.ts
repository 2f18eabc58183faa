import { timeOf } from '../../../shared/ended-run.js';
import type { Shadowed } from '../recorded.js';
import { addToBin, type SharesByBin } from './shares-by-bin.js';

/** Numbers that differ by less decide the same: so far apart two variants of a version may be (core `usual-tolerance.ts`). */
const ABSOLUTE = 1e-3;
const RELATIVE = 1e-2;

/** Runs of a shadow beside the version that served, as a report has them. */
export interface ShadowTally {
  readonly candidate: string;
  n: number;
  agreements: number;
  /** Of the inputs those that both decided alike. */
  readonly bins: SharesByBin;
  /** Σ difference and Σ difference², ms. */
  readonly latencyDifference: [number, number];
  errorDifference: number;
}

/**
 * Counts an input that a shadow was asked too.
 *
 * @param before of the same window; one of another shadow is left behind
 * @param bin of the confidence of the version that served; -1 where it has no such distribution
 */
export function tallyShadowed(
  before: ShadowTally | undefined,
  { candidate, servedReply, shadowReply }: Shadowed,
  bin: number,
): ShadowTally {
  const none: ShadowTally = {
    candidate,
    n: 0,
    agreements: 0,
    bins: [],
    latencyDifference: [0, 0],
    errorDifference: 0,
  };
  const tally = before?.candidate === candidate ? before : none;
  const haveAgreed = isSame(
    servedReply.observation?.predicted,
    shadowReply?.observation?.predicted,
  );
  tally.n += 1;
  if (haveAgreed) tally.agreements += 1;
  if (bin >= 0) addToBin(tally.bins, bin, haveAgreed);
  if (!shadowReply) tally.errorDifference += 1;
  const longerMs = shadowReply ? timeOf(shadowReply) - timeOf(servedReply) : 0;
  tally.latencyDifference[0] += longerMs;
  tally.latencyDifference[1] += longerMs * longerMs;
  return tally;
}

function isSame(a: string | number | undefined, b: string | number | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return Math.abs(a - b) <= ABSOLUTE + RELATIVE * Math.abs(a);
}
