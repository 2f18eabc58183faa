import type { FindingEntry, ModelRange, RollupReads } from '../store/rollup-store.js';
import type { RolloutFigures } from './canary.js';
import type { FleetQuery } from './query.js';

/** Entries of this kind are verdicts on rollouts. Those of models that are of another kind are findings that began or ended. */
export const VERDICT = 'verdict';

/** Returns the name of a verdict as it is written down: a hold that may go on to more devices is a step. */
export function verdictName({ verdict: { verdict }, mayStep }: RolloutFigures): string {
  return verdict === 'hold' && mayStep ? 'step' : verdict;
}

/** An entry of this kind, of no model, is a look before which there was none for too long. */
export const LOOK = 'look';

/** What an entry of a look says. */
export interface ResumedFigures {
  /** Time of the look before. Null where it is the first. */
  readonly sinceMs: number | null;
}

/** Answer of `GET /v1/fleet/findings`: what looks have written down about a model. */
export interface FleetFindings extends ModelRange {
  /** When findings were last looked for. Null before the first look. */
  readonly lookedMs: number | null;
  /** Stretches before `lookedMs` that reach into the range and have no look: whether something was wrong is not known. */
  readonly unlooked: readonly Unlooked[];
  /** Those that were open at some time of the range, in order of their beginning. */
  readonly findings: readonly WrittenFinding[];
  /** Of each rollout the verdict that held when the range began, and those that it got in the range. */
  readonly verdicts: readonly WrittenVerdict[];
}

/** From one look to the next, where that was too long. */
export interface Unlooked {
  /** Null where there was no look before. */
  readonly fromMs: number | null;
  readonly toMs: number;
}

export interface WrittenFinding {
  readonly kind: string;
  /** Null where it is of the whole model. */
  readonly version: string | null;
  /** What tells several of a kind apart: the name of a distribution, an experiment. Else empty. */
  readonly subject: string;
  readonly beganMs: number;
  /** Null where it had not ended by the end of the range. */
  readonly endedMs: number | null;
  /** Revision of the facts about models by which it was judged. */
  readonly revision: number | null;
  /** The `Finding` as it was when it began. */
  readonly figures: unknown;
}

export interface WrittenVerdict {
  readonly version: string;
  readonly experiment: string;
  readonly atMs: number;
  /** `roll-back`, `promote`, `step` (a hold that may step), `hold` or `none`; `over` once the rollout has ended. */
  readonly verdict: string;
  readonly revision: number | null;
  /** The `RolloutFigures` by which it was said. */
  readonly figures: unknown;
}

export async function fleetFindings(
  store: Pick<RollupReads, 'findings' | 'lookedMs'>,
  { model, fromMs, toMs }: FleetQuery,
): Promise<FleetFindings> {
  const lookedMs = await store.lookedMs();
  // one that comes after the range tells of its end
  const looks = await store.findings({ model: '', fromMs, toMs: Number.MAX_SAFE_INTEGER });
  const entries = await store.findings({ model, fromMs, toMs });
  return {
    model,
    fromMs,
    toMs,
    lookedMs,
    unlooked: looks.flatMap(unlookedBefore).filter((one) => isIn(one, { fromMs, toMs })),
    findings: findingsIn(entries).filter(({ endedMs }) => endedMs === null || endedMs >= fromMs),
    verdicts: entries.flatMap((entry) => verdictsOf(entry, fromMs)),
  };
}

function unlookedBefore({ kind, atMs, figures }: FindingEntry): Unlooked[] {
  if (kind !== LOOK) return [];
  return [{ fromMs: (figures as ResumedFigures).sinceMs, toMs: atMs }];
}

function isIn(unlooked: Unlooked, { fromMs, toMs }: Omit<ModelRange, 'model'>): boolean {
  return (unlooked.fromMs ?? -Infinity) < toMs && unlooked.toMs > fromMs;
}

/** Pairs each beginning with its end. An end whose beginning is forgotten says nothing. */
function findingsIn(entries: readonly FindingEntry[]): WrittenFinding[] {
  const found: WrittenFinding[] = [];
  for (const { kind, version, subject, state, atMs, revision, figures } of entries) {
    if (kind === VERDICT) continue;
    if (state === 'began') {
      found.push({
        kind,
        version: version || null,
        subject,
        beganMs: atMs,
        endedMs: null,
        revision,
        figures,
      });
      continue;
    }
    const open = found.findLastIndex(
      (one) => one.kind === kind && (one.version ?? '') === version && one.subject === subject,
    );
    const began = found[open];
    if (began) found[open] = { ...began, endedMs: atMs };
  }
  return found;
}

/** A rollout that was over before the range has no verdict in it. */
function verdictsOf(entry: FindingEntry, fromMs: number): WrittenVerdict[] {
  const { kind, version, subject: experiment, atMs, state: verdict, revision, figures } = entry;
  if (kind !== VERDICT || (verdict === 'over' && atMs < fromMs)) return [];
  return [{ version, experiment, atMs, verdict, revision, figures }];
}
