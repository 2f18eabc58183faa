import type { FindingEntry, ModelRange, RollupReads } from '../store/rollup-store.js';
import type { FleetQuery } from './query.js';

/** Entries of this kind are verdicts on rollouts. All others are findings that began or ended. */
export const VERDICT = 'verdict';

/** Answer of `GET /v1/fleet/findings`: what looks have written down about a model. */
export interface FleetFindings extends ModelRange {
  /** When findings were last looked for. Null before the first look. */
  readonly lookedMs: number | null;
  /** Those that were open at some time of the range, in order of their beginning. */
  readonly findings: readonly WrittenFinding[];
  /** Of each rollout the verdict that held when the range began, and those that it got in the range. */
  readonly verdicts: readonly WrittenVerdict[];
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
  /** `roll-back`, `promote`, `hold` or `none`; `over` once the rollout has ended. */
  readonly verdict: string;
  readonly revision: number | null;
  /** The `RolloutFigures` by which it was said. */
  readonly figures: unknown;
}

export async function fleetFindings(
  store: Pick<RollupReads, 'findings' | 'lastFindings'>,
  { model, fromMs, toMs }: FleetQuery,
): Promise<FleetFindings> {
  const { lookedMs } = await store.lastFindings();
  const entries = await store.findings({ model, fromMs, toMs });
  return {
    model,
    fromMs,
    toMs,
    lookedMs,
    findings: findingsIn(entries).filter(({ endedMs }) => endedMs === null || endedMs >= fromMs),
    verdicts: entries.flatMap((entry) => verdictsOf(entry, fromMs)),
  };
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
