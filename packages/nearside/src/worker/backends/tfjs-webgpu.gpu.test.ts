import { describeBackend } from '../../testing/backend-conformance.js';
import { describeDeviceLoss } from '../../testing/device-loss-conformance.js';
import { testOutOfMemory } from '../../testing/out-of-memory-conformance.js';
import { tfjsWebgpu } from './tfjs-webgpu.js';

describeBackend(tfjsWebgpu, { variant: 'uint8' });
testOutOfMemory(tfjsWebgpu);
describeDeviceLoss(tfjsWebgpu, { variant: 'uint8' });
