import type { AvailableBackend } from 'nearside';

export interface AtlasBackend {
  readonly backend: AvailableBackend;
  /** What it is, in a word. */
  readonly note: string;
  /** Nodes without a kernel of its own run on the CPU. */
  readonly hasCpuBeside: boolean;
}

/** Those that run ONNX files. All of `openUnsigned` runs in the full file of ONNX Runtime. */
export const ATLAS_BACKENDS: readonly AtlasBackend[] = [
  { backend: 'onnx-wasm', note: 'CPU', hasCpuBeside: false },
  { backend: 'onnx-webgpu', note: 'GPU', hasCpuBeside: true },
];
