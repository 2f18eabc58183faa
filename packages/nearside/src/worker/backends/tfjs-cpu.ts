import { version_cpu } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from './backend.js';
import { createTfjsSession } from './tfjs-session.js';

/** TensorFlow.js in JavaScript. No device serves with it: the publisher answers golden cases by it, in Node. */
export const tfjsCpu: Pick<Backend, 'createSession'> & { start(): Promise<void> } = {
  async start() {
    await tf.setBackend('cpu');
  },
  createSession: (request) => createTfjsSession('tfjs-cpu', request),
};

/** Its name in golden.json. */
export const reference = () => `tfjs-backend-cpu ${version_cpu}`;
