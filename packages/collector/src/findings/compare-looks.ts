import { VERDICT } from '../fleet/findings.js';
import type { FindingEntry, NewFindingEntry } from '../store/rollup-store.js';

/** How a look found things to stand with a subject. */
export type Observation = Omit<NewFindingEntry, 'atMs' | 'revision'>;

/** Verdict of a rollout that has ended. No facts change it. */
const OVER = 'over';

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
export type Unconfirmed = ReadonlyMap<string, Judged>;

type Judged = Observation & Pick<Look, 'revision'>;

/**
 * Tells what has changed since what is written down. A state counts when two looks in a row have seen it, looks that know
 * nothing of it left out: what blinks begins nothing and ends nothing. A verdict by other facts is another one, because
 * whoever acts on it asks for just the facts that are signed now.
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
  const seenOnce = new Map<string, Judged>();
  for (const [key, subject] of new Map<string, Subject>([...unconfirmed, ...last, ...now])) {
    const before = unconfirmed.get(key);
    const entry = last.get(key);
    if (!isKnown(subject)) {
      if (before) seenOnce.set(key, before);
      continue;
    }
    const present = { ...(now.get(key) ?? atRest(subject)), revision };
    if (isSame(present, entry ?? { ...atRest(subject), revision })) continue;
    if (!before || !isSame(present, before)) seenOnce.set(key, present);
    // a clock that was moved back turns no order round
    else entries.push({ ...present, atMs: Math.max(atMs, entry?.atMs ?? atMs) });
  }
  return { entries, unconfirmed: seenOnce };
}

export function keyOf({ model, version, kind, subject }: Subject): string {
  return JSON.stringify([model, version, kind, subject]);
}

function isSame(one: Judged, other: Judged): boolean {
  const isBySameFacts = one.kind !== VERDICT || one.revision === other.revision;
  return one.state === other.state && (isBySameFacts || one.state === OVER);
}

/** A rollout that no look sees is over, and so is a finding. */
function atRest({ model, version, kind, subject }: Subject): Observation {
  const state = kind === VERDICT ? OVER : 'ended';
  return { model, version, kind, subject, state, figures: null };
}
