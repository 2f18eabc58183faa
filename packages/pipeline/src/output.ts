import type { Tensors } from '@nearside/core';
import type { LabelScore } from './steps/top-k.js';

/** What the caller gets: labels by score for a classifier, the tensors where no step is named. */
export type Output = readonly LabelScore[] | { readonly tensors: Tensors };
