import { describeDeviceLoss } from '../../testing/device-loss-conformance.js';
import { onnxWebgpu } from './onnx-webgpu.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm',
  import.meta.url,
).href;

describeDeviceLoss(onnxWebgpu, { variant: 'fp32', wasmUrl });
