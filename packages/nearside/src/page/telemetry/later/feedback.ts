import { LARGEST_VALUE, REPORT_LIMITS } from '@nearside/core';
import type { Truth } from '../../../shared/api/model.js';
import type { Observation } from '../../../shared/protocol.js';
import type { ReportSubject } from './report-subject.js';
import { addToBin } from './shares-by-bin.js';
import { type FeedbackTally, feedbackOfAge, increment, type Tally } from './tally.js';

/** A run that feedback may be about. */
export interface PastRun {
  readonly subject: ReportSubject;
  /** Unix time. */
  readonly atMs: number;
  /** Bins of the baseline's `confidence` and `class`; -1 where it has none. */
  readonly confidenceBin: number;
  readonly classBin: number;
  /** A regression's value, or in the visit of the run itself its label. */
  readonly predicted: string | number | undefined;
}

/** The store that keeps runs across visits. */
export interface RunShelf {
  keys(prefix: string): Promise<string[]>;
  get(key: string): Promise<unknown>;
  /** Takes keys off, sometime. */
  discard(keys: readonly string[]): void;
  /** `changes` is asked for what to store with the next report. */
  keepAlong(changes: () => ReadonlyMap<string, unknown>): void;
}

/** So many runs of a visit are remembered, and so many visits. A visit takes 40 kB at most. */
const REMEMBERED = 1000;
const VISITS = 50;
const DAY_MS = 86_400_000;

/** A visit's runs as they are stored: bins and versions, never an input, never a label. */
interface StoredVisit {
  /** Subjects, under the name that stores have. */
  readonly counted: readonly ReportSubject[];
  /** Number of the run in its visit, place in `counted`, Unix time, two bins, a regression's value. */
  readonly runs: readonly (readonly [string, number, number, number, number, number?])[];
}

export type RunMemory = ReturnType<typeof createRunMemory>;

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
      run: Pick<PastRun, 'subject' | 'atMs'> & { readonly observation: Observation | undefined },
    ): void {
      const { subject, atMs, observation } = run;
      const { baseline } = subject;
      recent.set(id, {
        subject,
        atMs,
        confidenceBin: observation?.bins[baseline?.confidence ?? -1] ?? -1,
        classBin: observation?.bins[baseline?.class ?? -1] ?? -1,
        predicted: observation?.predicted,
      });
      isChanged = true;
      const oldest = recent.keys().next().value;
      if (recent.size > REMEMBERED && oldest !== undefined) recent.delete(oldest);
    },
    /** Finds a run of this visit. */
    find: (id: string): PastRun | undefined => recent.get(id),
    /** Looks up a run of an earlier visit. */
    async recall(id: string): Promise<PastRun | undefined> {
      const [visit, number] = id.split('-');
      const keys = await shelf.keys(prefix);
      const key = keys.find((one) => one.endsWith(`-${visit}`));
      if (!key || number === undefined) return undefined;
      const stored = (await shelf.get(key)) as StoredVisit | undefined;
      const run = stored?.runs.find(([name]) => name === number);
      const subject = run && stored?.counted[run[1]];
      if (!run || !subject) return undefined;
      const [, , atMs, confidenceBin, classBin, predicted] = run;
      return { subject, atMs, confidenceBin, classBin, predicted };
    },
  };
}

function storedOf(recent: ReadonlyMap<string, PastRun>): StoredVisit {
  const subjects = [...new Set([...recent.values()].map((run) => run.subject))];
  const runs = [...recent].map(([id, run]) => {
    const { atMs, confidenceBin, classBin, predicted } = run;
    const number = id.split('-')[1] ?? '';
    const row = [number, subjects.indexOf(run.subject), atMs, confidenceBin, classBin] as const;
    return typeof predicted === 'number' ? ([...row, predicted] as const) : row;
  });
  return { counted: subjects, runs };
}

async function forgetOld(shelf: RunShelf, prefix: string): Promise<void> {
  const oldestMs = Date.now() - (REPORT_LIMITS.feedbackDays + 1) * DAY_MS;
  const startOf = (key: string) => Number(key.split('/').at(-1)?.split('-')[0]);
  const isOld = (key: string) => startOf(key) < oldestMs;
  // Runs of every model are looked at: one may never be opened again.
  const [all, own] = await Promise.all([shelf.keys('f/'), shelf.keys(prefix)]);
  const old = [...new Set([...all.filter(isOld), ...own.slice(0, -VISITS)])];
  if (old.length > 0) shelf.discard(old);
}

/** Counts feedback on a run, under the age that the run has by then. */
export function tallyTruth(
  tally: Tally,
  run: PastRun,
  { truth, atMs }: { readonly truth: Truth; readonly atMs: number },
): void {
  const { label, correct, value } = truth as Partial<
    Record<'label' | 'correct' | 'value', unknown>
  >;
  const days = Math.max(0, Math.floor((atMs - run.atMs) / DAY_MS));
  const error = errorOf(run, value);
  const isValue = label === undefined && correct === undefined;
  const isTooLarge = isValue && !(Math.abs(error) <= LARGEST_VALUE);
  if (days > REPORT_LIMITS.feedbackDays || isTooLarge) {
    tally.unmatchedFeedback += 1;
    return;
  }
  const feedback = feedbackOfAge(tally, days);
  if (isValue) {
    addError(feedback, error);
    return;
  }
  if (label !== undefined) addPair(feedback, run, String(label));
  const isCorrect = label === undefined ? correct === true : isLabel(run, String(label));
  addToBin(feedback.bins, Math.max(0, run.confidenceBin), isCorrect); // one bin for all where there is no confidence
}

/** Not a number where no number was predicted. */
function errorOf({ predicted }: PastRun, value: unknown): number {
  return typeof predicted === 'number' ? predicted - Number(value) : Number.NaN;
}

function addError({ values }: FeedbackTally, error: number): void {
  for (const [i, term] of [1, error, Math.abs(error), error * error].entries()) {
    values[i as 0] += term;
  }
}

/** Counts a pair of labels, where the model's baseline lists them. */
function addPair({ confusion }: FeedbackTally, run: PastRun, label: string): void {
  if (run.classBin >= 0) increment(confusion, `${binOfLabel(run, label)},${run.classBin}`);
}

/** A run of this visit knows its label; of an earlier one there is the bin alone. */
function isLabel(run: PastRun, label: string): boolean {
  if (typeof run.predicted === 'string') return run.predicted === label;
  const bin = binOfLabel(run, label);
  return bin === run.classBin && bin < labelsOf(run).length;
}

function binOfLabel(run: PastRun, label: string): number {
  const labels = labelsOf(run);
  const place = labels.indexOf(label);
  return place === -1 ? labels.length : place;
}

function labelsOf({ subject }: PastRun): readonly string[] {
  return subject.baseline?.labels ?? [];
}
