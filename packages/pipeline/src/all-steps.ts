import type { Tensors } from '@nearside/core';
import type * as v from 'valibot';
import type { FoundObject } from './found.js';
import type { Mask } from './mask.js';
import { FIRST_STEPS, type FirstSteps, type Part, type StepTable } from './step-table.js';
import type { RegressionValue } from './steps/regression.js';
import type { FoundSound } from './steps/segments.js';
import type { LabelScore } from './steps/top-k.js';
import { type OtherSteps, STEPS_FILE } from './steps-file.js';
import type { TextLine } from './text/reading-order.js';

/** All steps that a spec may name. No worker has them all in its own text. */
export const STEPS: StepTable = {
  preprocessing: [...FIRST_STEPS.preprocessing, ...STEPS_FILE.preprocessing],
  postprocessing: [...FIRST_STEPS.postprocessing, ...STEPS_FILE.postprocessing],
};

type StepOf<P extends Part> = FirstSteps[P][number] | OtherSteps[P][number];

type Named<S> = S extends {
  readonly name: infer Name;
  readonly parameters: v.GenericSchema<unknown, infer Parameters>;
}
  ? { readonly step: Name } & Parameters
  : never;

/** A step as `model.json` has it. */
export type PreprocessingStep = Named<StepOf<'preprocessing'>>;
export type PostprocessingStep = Named<StepOf<'postprocessing'>>;

/**
 * The caller gets labels by score for a classifier, values for a regression, what was found in sound, lines in
 * reading order for OCR, objects, masks, a vector of a text, the tensors where no step is named.
 */
export type Output =
  | readonly LabelScore[]
  | readonly RegressionValue[]
  | FoundSound
  | readonly TextLine[]
  | readonly FoundObject[]
  | Mask
  | Float32Array
  | { readonly tensors: Tensors };
