import { LETTERS } from './verdict-letters.js';

/** What became of a test on a backend. */
export const VERDICTS = [
  'right',
  'right-on-cpu',
  'wrong',
  'failed',
  'absent',
  'excluded',
  'waiting',
] as const;

export type Verdict = (typeof VERDICTS)[number];

export interface Outcome {
  readonly verdict: Verdict;
  /** The difference, the error, or why it was left out. */
  readonly note?: string | undefined;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, { name: string; what: string }>> = {
  right: { name: 'right', what: 'within ONNX’s own tolerance' },
  'right-on-cpu': {
    name: 'right on the CPU',
    what: 'right, but WebGPU has no kernel for a node of it, so the CPU computed that',
  },
  wrong: { name: 'wrong', what: 'other values, another shape or datatype' },
  failed: { name: 'failed', what: 'an error, a trap or no answer' },
  absent: { name: 'absent', what: 'the runtime has no kernel for it' },
  excluded: { name: 'left out', what: 'this page cannot ask it, or nobody can know the answer' },
  waiting: { name: 'not run', what: 'the run has not come to it' },
};

const BY_LETTER = new Map<string, Verdict>(VERDICTS.map((verdict) => [LETTERS[verdict], verdict]));

/** A text of one letter for each test. */
export const VERDICT_LETTERS: RegExp = /^[rcwfax-]*$/;

export function toLetters(verdicts: readonly Verdict[]): string {
  return verdicts.map((verdict) => LETTERS[verdict]).join('');
}

/** @param letters as {@link VERDICT_LETTERS} has them */
export function fromLetters(letters: string): Verdict[] {
  return Array.from(letters, (letter) => BY_LETTER.get(letter) ?? 'waiting');
}

export type Counts = Readonly<Record<Verdict, number>>;

export function count(verdicts: Iterable<Verdict>): Counts {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0]));
  for (const verdict of verdicts) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts as Record<Verdict, number>;
}

export function rightOf(counts: Counts): number {
  return counts.right + counts['right-on-cpu'];
}

/** Tests that say something of the backend: it has kernels for them, and they were run. */
export function judgedOf(counts: Counts): number {
  return rightOf(counts) + counts.wrong + counts.failed;
}

/** @returns 0 … 1; undefined where nothing was judged */
export function rightShare(counts: Counts): number | undefined {
  const judged = judgedOf(counts);
  return judged === 0 ? undefined : rightOf(counts) / judged;
}
