import { exampleResult } from '../results/example-result.ts';
import type { AtlasResult } from './atlas-result.ts';

/** Four tests of two operators on two backends: for tests. */
export function exampleAtlas(): AtlasResult {
  return {
    format: 1,
    kind: 'nearside-atlas',
    at: '2026-11-27T12:00:00.000Z',
    library: '0.1.0',
    device: exampleResult().device,
    tests: {
      source: 'libonnx-testdata 1.17.0-3',
      identity: '0123456789abcdef',
      list: [
        { name: 'test_add', operator: 'Add' },
        { name: 'test_add_uint64', operator: 'Add', excluded: 'it takes or gives UINT64' },
        { name: 'test_dft', operator: 'DFT' },
        { name: 'test_dft_axis', operator: 'DFT' },
      ],
    },
    columns: [
      {
        backend: 'onnx-wasm',
        hardware: 'cpu',
        isSoftwareGpu: false,
        state: 'done',
        seconds: 33,
        verdicts: 'rxwr',
        notes: { test_dft: 'y: 20 of 200 values differ' },
      },
      {
        backend: 'onnx-webgpu',
        hardware: 'google swiftshader',
        isSoftwareGpu: true,
        state: 'done',
        seconds: 200,
        verdicts: 'cxfr',
        notes: {},
      },
    ],
  };
}
