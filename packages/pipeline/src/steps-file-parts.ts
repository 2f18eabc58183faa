/** A worker hands these to `steps.js`: both need them, and the worker has them already. */
export { describe, kindOf, NearsideError } from '@nearside/core';
export {
  array,
  boolean,
  gtValue,
  integer,
  literal,
  maxLength,
  maxValue,
  minLength,
  minValue,
  number,
  optional,
  picklist,
  pipe,
  strictObject,
  string,
  union,
} from 'valibot';
export { describeImage, describeTensor } from './describe-form.js';
export { cutImage, imageOnDemand, isOfBytes, valuesLike } from './image/image.js';
export { perPixel } from './image/per-pixel.js';
export { SideSchema } from './image/target-size.js';
export { detachedInput, invalidInput } from './input-errors.js';
export { observeScores, requireNumbers } from './observe-scores.js';
export { requireOneEach } from './require-one-each.js';
export { each, Misfit } from './step.js';
export { IdToLabelSchema, requireLabels } from './steps/id-to-label.js';
export { requirePixels } from './steps/resize.js';
export { topK } from './steps/top-k.js';
export { IDENTITY, NO_TRACE } from './trace.js';
