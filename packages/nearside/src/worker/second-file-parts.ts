/** A worker hands these to its second file, beside those of the pipeline: both need them, and the worker has them already. */
export { parseJson } from '@nearside/artifact';
export {
  callerInputs,
  constantInputs,
  elementCount,
  filesBesideModels,
  initialState,
  isModelName,
  MAX_CHUNK_BYTES,
  numbersOf,
  parseGolden,
  parseModelSpec,
  partsOf,
  resourceFiles,
  SPEC_FORMAT,
  seededTensor,
} from '@nearside/core';
export { messageOf } from '../shared/failures.js';
export { findMismatch, proofFiles } from './golden-check.js';
