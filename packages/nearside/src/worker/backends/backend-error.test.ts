import { expect, test } from 'vitest';
import { backendError } from './backend-error.js';

// As onnxruntime-web 1.30 and tfjs 4.22 word it.
test.each([
  "Can't create a session. ERROR_CODE: 9, ERROR_MESSAGE: Could not find an implementation for Max(13) node with name ''",
  "Can't create a session. ERROR_CODE: 9, ERROR_MESSAGE: Failed to find kernel for Cast(21) (node:'' ep:'CPUExecutionProvider').",
  "!node_provider_type.empty() was false. Provider type for CumSum node with name '' is not set.",
  'ERROR_CODE: 6, ERROR_MESSAGE: No Op registered for Binarizer with domain_version of 1',
  "Can't create a session. ERROR_CODE: 1, ERROR_MESSAGE: Fatal error: ai.onnx.preview.training:Adam(-1) is not a registered function/op",
  "Kernel 'Max' not registered for backend 'webgpu'",
])('a kernel that a runtime has not is a missing operator: %s', (got) => {
  expect(backendError('onnx-wasm', 'load', got).code).toBe('operator-unsupported');
});

test('an operator that is there, and refuses its attributes, has failed', () => {
  const got = 'Batchwise recurrent operations (layout == 1) are not supported.';
  expect(backendError('onnx-wasm', 'load', got).code).toBe('backend-failed');
});

test.each(['Module.MountedFiles is not available.', 'File not found in preloaded files.'])(
  'weights in a file that nobody gave are missing, by its name: %s',
  (reason) => {
    const got = `Failed to load external data file ""weights.bin"", error: ${reason}`;
    const { code, message, details } = backendError('onnx-wasm', 'load', got);
    expect([code, details.file]).toEqual(['file-missing', 'weights.bin']);
    expect(message).toContain("{ 'model.onnx': …, 'weights.bin': … }");
  },
);
