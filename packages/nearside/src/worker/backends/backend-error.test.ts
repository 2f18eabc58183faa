import { expect, test } from 'vitest';
import { backendError, outOfRange } from './backend-error.js';

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

// As onnxruntime-web 1.30 and tfjs 4.22 word it.
test.each([
  [
    "while running Gather node. Name:'' Status Message: indices element out of data bounds, idx=9 must be within the inclusive range [-4,3]",
    'indices element out of data bounds, idx=9 must be within the inclusive range [-4,3]',
  ],
  [
    'gather_elements.cc:77 int64_t onnxruntime::GetIndex(size_t) Index out of range\n',
    'Index out of range',
  ],
  ['Status Message: invalid index found, index = 9', 'invalid index found, index = 9'],
  ['Status Message: invalid indice found, indice = -9', 'invalid indice found, indice = -9'],
  ['GatherV2: the index value 9 is not in [0, 3]', 'GatherV2: the index value 9 is not in [0, 3]'],
])('an index out of range is one in a run, and nowhere else: %s', (got, said) => {
  expect(outOfRange(backendError('onnx-wasm', 'run', got))).toBe(said);
  expect(outOfRange(backendError('onnx-wasm', 'load', got))).toBeUndefined();
  expect(outOfRange(new Error(got))).toBeUndefined();
});
