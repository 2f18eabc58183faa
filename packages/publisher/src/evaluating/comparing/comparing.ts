/** So many of so many. */
export interface Share {
  readonly right: number;
  readonly of: number;
}

/** How good answers are, of the items whose right answer is known. */
export interface Measures {
  readonly items: number;
  readonly right?: number;
  /** How often each label was answered, by the right one. */
  readonly confusion?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The share of this label's items that were found, and of the other's that were left alone, where there are two labels. */
  readonly positive?: string;
  readonly sensitivity?: Share;
  readonly specificity?: Share;
  /** Lines of text that are right to the last character. */
  readonly lines?: Share;
  /** Characters less the edits that make an answer the right one; none where there are as many of those. */
  readonly characters?: Share;
  /** Objects expected that were found, in their places where those are given. */
  readonly objects?: Share;
  /** Windows of sound on the right side of the threshold. */
  readonly windows?: Share;
  /** One for each value of a regression. */
  readonly meanAbsoluteErrors?: readonly number[];
}

/** An answer with the right one, where that is known. */
export interface Answered<Answer, Expected> {
  readonly answer: Answer;
  readonly expected: Expected;
}

/** Says which part of a task's results is the answer, and how it is held against the one that is expected. */
export interface Comparing<Answer = unknown, Expected = unknown> {
  answerOf(output: unknown): Answer;
  /** @throws NearsideError `input-invalid`, naming the item, for an answer that the task cannot have */
  parseExpected(value: unknown, item: string): Expected;
  /** @throws NearsideError `input-invalid`, naming the item, for an answer that nothing can be held against */
  requireComparable?(answer: Answer, expected: Expected, item: string): void;
  /** The answer of the original, to be expected of others where the right one is not given, or does not say all. */
  asExpected(answer: Answer, given?: Expected): Expected;
  /** The error of each part of an answer, from 0. A part is right or wrong (1), or a number with an error. */
  errorsOf(answer: Answer, expected: Expected): readonly number[];
  /** No part is further from right than this. */
  readonly largestError: number;
  /** Errors of answers that know nothing of their inputs, above 0, for each part. */
  scalesOf(expected: readonly Expected[]): readonly number[];
  /** False where the same is expected of all, which proves nothing. */
  areDifferent(expected: readonly Expected[]): boolean;
  /** Right or, where answers are numbers, nearer than what knows nothing of its input. */
  isRight(answer: Answer, expected: Expected, scales: readonly number[]): boolean;
  /** The label that a classifier is expected to give. Its items are judged by themselves too. */
  labelOf?(expected: Expected): string | undefined;
  measure(answered: readonly Answered<Answer, Expected>[]): Measures;
}

/** Answers are right or wrong, and one that is right is as good as another. */
export function rightOrWrong<Answer, Expected>(
  isRight: (answer: Answer, expected: Expected) => boolean,
) {
  return {
    errorsOf: (answer: Answer, expected: Expected) => [isRight(answer, expected) ? 0 : 1],
    largestError: 1,
    scalesOf: () => [1],
    areDifferent(expected: readonly Expected[]): boolean {
      const [first] = expected;
      const same = JSON.stringify(first);
      return expected.some((one) => JSON.stringify(one) !== same);
    },
    isRight,
  };
}

export function countRight<Answer, Expected>(
  answered: readonly Answered<Answer, Expected>[],
  isRight: (answer: Answer, expected: Expected) => boolean,
): Share {
  const right = answered.filter(({ answer, expected }) => isRight(answer, expected)).length;
  return { right, of: answered.length };
}
