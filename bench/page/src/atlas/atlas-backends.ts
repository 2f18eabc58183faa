import type { AvailableBackend } from 'nearside';
import { startWebgpu } from '../contenders/nearside.ts';

export interface AtlasBackend {
  readonly backend: AvailableBackend;
  /** What it is, in a word. */
  readonly note: string;
  readonly startWorker: (() => Worker) | undefined;
  /** Nodes without a kernel of its own run on the CPU. */
  readonly hasCpuBeside: boolean;
}

/** Those that run ONNX files. All of `openUnsigned` runs in the full file of ONNX Runtime. */
export const ATLAS_BACKENDS: readonly AtlasBackend[] = [
  { backend: 'onnx-wasm', note: 'CPU', startWorker: undefined, hasCpuBeside: false },
  { backend: 'onnx-webgpu', note: 'GPU', startWorker: startWebgpu, hasCpuBeside: true },
];
