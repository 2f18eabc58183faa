import type { Contender } from './contender.ts';
import { nearsideOn, nearsideVerified } from './nearside.ts';
import { rawMain } from './raw-main.ts';
import { rawWorker } from './raw-worker.ts';
import { tfjsCpu, tfjsDefault } from './tfjs.ts';
import { transformers } from './transformers.ts';

/** In the order in which they run: the first number on screen is the first one's. */
export const CONTENDERS: readonly Contender[] = [
  nearsideOn('onnx-wasm'),
  nearsideOn('tfjs-wasm'),
  nearsideOn('onnx-webgpu'),
  nearsideOn('tfjs-webgpu'),
  nearsideVerified,
  rawWorker,
  rawMain,
  tfjsDefault,
  tfjsCpu,
  transformers,
];
