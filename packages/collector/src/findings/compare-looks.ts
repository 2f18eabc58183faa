import { VERDICT } from '../fleet/findings.js';
import type { FindingEntry, NewFindingEntry } from '../store/rollup-store.js';

/** How a look found things to stand with a subject. */
export type Observation = Omit<NewFindingEntry, 'atMs' | 'revision'>;

type Subject = Pick<Observation, 'model' | 'version' | 'kind' | 'subject'>;

/** What one look found. */
export interface Look {
  readonly atMs: number;
  /** Of the facts by which it judged. */
  readonly revision: number | null;
  /** What it does not name is at rest: no finding, and no rollout. */
  readonly observed: readonly Observation[];
  /** A question was answered that tells of this kind. */
  isKnown(subject: Pick<Subject, 'model' | 'kind'>): boolean;
}

/** States that differ from what is written down, and that one look has seen. */
export type Unconfirmed = ReadonlyMap<string, Observation>;

/**
 * Tells what has changed since what is written down. A state counts when two looks in a row have seen it, looks that know
 * nothing of it left out: what blinks begins nothing and ends nothing.
 *
 * @param written the last entry of each subject
 */
export function compareLooks(
  unconfirmed: Unconfirmed,
  { atMs, revision, observed, isKnown }: Look,
  written: readonly FindingEntry[],
): { readonly entries: NewFindingEntry[]; readonly unconfirmed: Unconfirmed } {
  const last = new Map(written.map((entry) => [keyOf(entry), entry]));
  const now = new Map(observed.map((one) => [keyOf(one), one]));
  const entries: NewFindingEntry[] = [];
  const seenOnce = new Map<string, Observation>();
  for (const [key, subject] of new Map<string, Subject>([...unconfirmed, ...last, ...now])) {
    const before = unconfirmed.get(key);
    const entry = last.get(key);
    if (!isKnown(subject)) {
      if (before) seenOnce.set(key, before);
      continue;
    }
    const present = now.get(key) ?? atRest(subject);
    if (present.state === (entry ?? atRest(subject)).state) continue;
    if (before?.state !== present.state) seenOnce.set(key, present);
    // a clock that was moved back turns no order round
    else entries.push({ ...present, revision, atMs: Math.max(atMs, entry?.atMs ?? atMs) });
  }
  return { entries, unconfirmed: seenOnce };
}

export function keyOf({ model, version, kind, subject }: Subject): string {
  return JSON.stringify([model, version, kind, subject]);
}

/** A rollout that no look sees is over, and so is a finding. */
function atRest({ model, version, kind, subject }: Subject): Observation {
  const state = kind === VERDICT ? 'over' : 'ended';
  return { model, version, kind, subject, state, figures: null };
}
