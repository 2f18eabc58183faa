/**
 * Why tests are known not to pass on ONNX Runtime's CPU kernels, which both of its backends have. From its own lists of
 * tests, `onnxruntime/test/testdata/onnx_backend_test_series_{filters,overrides}.jsonc`, and from what it says itself.
 */
const KNOWN: readonly (readonly [tests: RegExp, reason: string])[] = [
  [
    /^test_(?:dft|stft)/,
    'Values near 0, rounded in 32 bits: ONNX Runtime’s own run of these tests allows a difference of 1e-5 to 1e-4.',
  ],
  [
    /^test_cast(?:like)?_FLOAT_to_STRING/,
    'The same number with other digits: ONNX has numpy’s rounding, and ONNX Runtime counts it as failing for good.',
  ],
  [/^test_maxunpool_export_with_output_shape$/, 'ONNX Runtime lists it as a mismatch.'],
  [
    /^test_resize_downsample_scales_(?:cubic|linear)_align_corners$/,
    'ONNX Runtime lists it as a mismatch with ONNX’s tests.',
  ],
  [
    /^test_(?:gru|lstm|simple_rnn)_batchwise$/,
    'ONNX Runtime has not implemented the layout with the batch first.',
  ],
];

/** @returns undefined where nothing is known of it */
export function knownReason(test: string): string | undefined {
  return KNOWN.find(([tests]) => tests.test(test))?.[1];
}
