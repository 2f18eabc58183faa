import { LARGEST_VALUE, REPORT_LIMITS } from '@nearside/core';
import type { Truth } from '../../../shared/api/model.js';
import type { PastRun } from './run-memory.js';
import { type FeedbackTally, feedbackOfAge, increment, type Tally } from './tally.js';

const DAY_MS = 86_400_000;

/** Counts what turned out to be true of a run, under the age that the run has by then. */
export function tallyTruth(
  tally: Tally,
  run: PastRun,
  { truth, atMs }: { readonly truth: Truth; readonly atMs: number },
): void {
  const { label, correct, value } = truth as Partial<Record<keyof AnyTruth, unknown>>;
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
  addCorrectness(
    feedback,
    run,
    label === undefined ? correct === true : isLabel(run, String(label)),
  );
}

type AnyTruth = { label: string; correct: boolean; value: number };

/** Not a number where no number was predicted. */
function errorOf({ predicted }: PastRun, value: unknown): number {
  return typeof predicted === 'number' ? predicted - Number(value) : Number.NaN;
}

function addError({ values }: FeedbackTally, error: number): void {
  for (const [i, term] of [1, error, Math.abs(error), error * error].entries()) {
    values[i as 0] += term;
  }
}

function addCorrectness({ bins }: FeedbackTally, run: PastRun, isCorrect: boolean): void {
  const place = Math.max(0, run.confidenceBin); // one bin for all where there is no confidence
  while (bins.length <= place) bins.push([0, 0]);
  const bin = bins[place] as [number, number];
  bin[0] += 1;
  if (isCorrect) bin[1] += 1;
}

/** Where the model's baseline has a list of labels. */
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

function labelsOf({ counted }: PastRun): readonly string[] {
  return counted.baseline?.labels ?? [];
}
