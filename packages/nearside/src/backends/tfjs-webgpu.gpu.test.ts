import { describeBackend } from './backend-conformance.js';
import { tfjsWebgpu } from './tfjs-webgpu.js';

describeBackend(tfjsWebgpu, { variant: 'uint8' });
