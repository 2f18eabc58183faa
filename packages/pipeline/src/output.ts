import type { Tensors } from '@nearside/core';
import type { ClassMask } from './steps/argmax.js';
import type { RegressionValue } from './steps/regression.js';
import type { FoundSound } from './steps/segments.js';
import type { LabelScore } from './steps/top-k.js';
import type { TextLine } from './text/reading-order.js';

/**
 * What the caller gets: labels by score for a classifier, values for a regression, what was found in sound, lines in
 * reading order for OCR, a mask of classes, the tensors where no step is named.
 */
export type Output =
  | readonly LabelScore[]
  | readonly RegressionValue[]
  | FoundSound
  | readonly TextLine[]
  | ClassMask
  | { readonly tensors: Tensors };
