import { onnxWasm } from '../backends/onnx-wasm.js';
import { serve } from '../serve.js';

// Built into one self-contained file; Node imports it and attaches the result to a port.
export default serve({ backend: onnxWasm });
