import type { Tensors } from '@nearside/core';
import type { RegressionValue } from './steps/regression.js';
import type { FoundSound } from './steps/segments.js';
import type { LabelScore } from './steps/top-k.js';

/** What the caller gets: labels by score for a classifier, values for a regression, what was found in sound, the tensors where no step is named. */
export type Output =
  | readonly LabelScore[]
  | readonly RegressionValue[]
  | FoundSound
  | { readonly tensors: Tensors };
