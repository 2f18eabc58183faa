import { REPORT_LIMITS } from '@nearside/core';
import type { Observation } from '../../../shared/protocol.js';
import type { Counted } from './counted.js';

/** A run that feedback may be about. */
export interface PastRun {
  readonly counted: Counted;
  /** Unix time. */
  readonly atMs: number;
  /** Of the baseline's `confidence` and `class`; -1 where it has none. */
  readonly confidenceBin: number;
  readonly classBin: number;
  /** A regression's value; a label in the visit of the run alone. */
  readonly predicted: string | number | undefined;
}

/** Where runs are kept across visits. */
export interface RunShelf {
  keys(prefix: string): Promise<string[]>;
  get(key: string): Promise<unknown>;
  /** Takes keys off, sometime. */
  discard(keys: readonly string[]): void;
  /** Asked for what to store with the next report. */
  keepAlong(changes: () => ReadonlyMap<string, unknown>): void;
}

/** Runs remembered of one visit, and visits; older ones are forgotten. About 40 kB a visit at most. */
const REMEMBERED = 1000;
const VISITS = 50;
const DAY_MS = 86_400_000;

/** Of runs: bins and versions; never an input, never a label. */
interface StoredVisit {
  readonly counted: readonly Counted[];
  /** By the number of the run in its visit: which of `counted`, when, bins, a regression's value. */
  readonly runs: readonly (readonly [string, number, number, number, number, number?])[];
}

/** Remembers runs for feedback: of this visit in memory, of the last seven days in the store. */
export function createRunMemory(shelf: RunShelf, model: string) {
  const recent = new Map<string, PastRun>();
  const prefix = `f/${model}/`;
  const startMs = Date.now();
  let isChanged = false;
  void forgetOld(shelf, prefix).catch(() => {});

  shelf.keepAlong(() => {
    const changes = new Map<string, unknown>();
    if (!isChanged) return changes;
    isChanged = false;
    const visit = recent.keys().next().value?.split('-')[0];
    changes.set(`${prefix}${String(startMs).padStart(15, '0')}-${visit}`, storedOf(recent));
    return changes;
  });

  return {
    remember(
      id: string,
      run: Pick<PastRun, 'counted' | 'atMs'> & { readonly observation: Observation | undefined },
    ): void {
      const { counted, atMs, observation } = run;
      const { baseline } = counted;
      recent.set(id, {
        counted,
        atMs,
        confidenceBin: observation?.bins[baseline?.confidence ?? -1] ?? -1,
        classBin: observation?.bins[baseline?.class ?? -1] ?? -1,
        predicted: observation?.predicted,
      });
      isChanged = true;
      const oldest = recent.keys().next().value;
      if (recent.size > REMEMBERED && oldest !== undefined) recent.delete(oldest);
    },
    /** A run of this visit. */
    find: (id: string): PastRun | undefined => recent.get(id),
    /** A run of an earlier visit. */
    async recall(id: string): Promise<PastRun | undefined> {
      const [visit, number] = id.split('-');
      const keys = await shelf.keys(prefix);
      const key = keys.find((one) => one.endsWith(`-${visit}`));
      if (!key || number === undefined) return undefined;
      const stored = (await shelf.get(key)) as StoredVisit | undefined;
      const run = stored?.runs.find(([name]) => name === number);
      const counted = run && stored?.counted[run[1]];
      if (!run || !counted) return undefined;
      const [, , atMs, confidenceBin, classBin, predicted] = run;
      return { counted, atMs, confidenceBin, classBin, predicted };
    },
  };
}

function storedOf(recent: ReadonlyMap<string, PastRun>): StoredVisit {
  const counted = [...new Set([...recent.values()].map((run) => run.counted))];
  const runs = [...recent].map(([id, run]) => {
    const { atMs, confidenceBin, classBin, predicted } = run;
    const row = [
      id.split('-')[1] ?? '',
      counted.indexOf(run.counted),
      atMs,
      confidenceBin,
    ] as const;
    return typeof predicted === 'number'
      ? ([...row, classBin, predicted] as const)
      : ([...row, classBin] as const);
  });
  return { counted, runs };
}

async function forgetOld(shelf: RunShelf, prefix: string): Promise<void> {
  const oldestMs = Date.now() - (REPORT_LIMITS.feedbackDays + 1) * DAY_MS;
  const startOf = (key: string) => Number(key.split('/').at(-1)?.split('-')[0]);
  const isOld = (key: string) => startOf(key) < oldestMs;
  // Of every model: one may never be opened again.
  const [all, own] = await Promise.all([shelf.keys('f/'), shelf.keys(prefix)]);
  const old = [...new Set([...all.filter(isOld), ...own.slice(0, -VISITS)])];
  if (old.length > 0) shelf.discard(old);
}
