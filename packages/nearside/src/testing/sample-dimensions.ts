import type { Dimensions } from '../page/telemetry/later/report-subject.js';

/** Dimensions of a valid report, for the tests beside the telemetry. */
export const SAMPLE_DIMENSIONS = {
  model: 'digits',
  version: '1.0.0',
  manifest: '0'.repeat(64),
  library: '0.1.0',
  variant: 'int8',
  backend: 'onnx-wasm',
  device: 'server',
  arm: 'stable',
  assigned: '1.0.0',
  weight: 1,
} as const satisfies Dimensions;
