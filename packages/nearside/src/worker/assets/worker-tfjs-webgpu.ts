import { tfjsWebgpu } from '../backends/tfjs-webgpu.js';
import { serve } from '../serve.js';

// Built into one self-contained file with an address of its own.
export default serve({ backend: tfjsWebgpu });
