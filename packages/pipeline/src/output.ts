import type { Tensors } from '@nearside/core';
import type { ClassMask } from './steps/argmax.js';
import type { RegressionValue } from './steps/regression.js';
import type { FoundSound } from './steps/segments.js';
import type { LabelScore } from './steps/top-k.js';
import type { TextLine } from './text/reading-order.js';

/**
 * What the caller gets: labels by score for a classifier, values for a regression, lines in reading order for OCR, a
 * mask of classes, what was found in sound, the tensors where no step is named.
 */
export type Output =
  | readonly LabelScore[]
  | readonly RegressionValue[]
  | readonly TextLine[]
  | ClassMask
  | FoundSound
  | { readonly tensors: Tensors };
