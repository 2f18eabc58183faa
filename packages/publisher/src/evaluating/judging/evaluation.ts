import type { Measures } from '../comparing/comparing.js';
import type { Comparison } from './open-comparison.js';
import type { Verdict } from './paired-loss.js';
import type { VariantFiles } from './variant-files.js';

/** `evaluation.json`: the loss of variants of a model against one of them, over the items of a folder. */
export interface Evaluation {
  readonly format: 1;
  readonly model: string;
  readonly version: string;
  readonly task: string;
  readonly maxLoss: number;
  /** All of the folder. */
  readonly items: number;
  /** SHA-256 of all of them, with what is expected. */
  readonly itemsSha256: string;
  /** The variant that the others are compared with. */
  readonly original: string;
  readonly originalBytes: number;
  readonly originalSha256: string;
  readonly originalMeasures: Measures;
  readonly variants: Readonly<Record<string, VariantEvaluation>>;
  /** Why a variant could not be asked, by its name. It is neither passed nor refused. */
  readonly notEvaluated: Readonly<Record<string, string>>;
}

/** `items` are those that were asked, until no more of them could change the verdict. */
export interface VariantEvaluation extends Comparison, VariantFiles {
  /** The verdict of all: refused where slice or corruption is. */
  readonly verdict: Verdict;
  /** The reasons why it is refused: `all items`, `slice 'night'`, `label 'cat'`, `noise`. */
  readonly refusedFor: readonly string[];
  /** Answers that are not the original's, whichever is right. */
  readonly differing: number;
  /** The items that the original alone answered right, at most 100. */
  readonly lostItems: readonly string[];
  readonly measures: Measures;
  /** Tensors that `quantize` made half floats, because the variant did not pass without. */
  readonly halfFloats?: readonly string[];
  readonly slices: Readonly<Record<string, Comparison>>;
  /** Items that one label is right for, in classification. */
  readonly labels: Readonly<Record<string, Comparison>>;
  readonly corruptions: Readonly<Record<string, Comparison>>;
}
