import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { tellNowAndThen } from '../turns.mjs';
import { simulateRollout } from './simulated-rollout.mjs';

if (!isMainThread) {
  const { options, seeds } = workerData;
  for (const seed of seeds) parentPort.postMessage(simulateRollout({ seed, ...options }));
}

/**
 * Follows many canaries, on every core.
 *
 * @param {number} count
 * @param {Omit<Parameters<typeof simulateRollout>[0], 'seed'>} options
 */
export async function simulateRollouts(count, options) {
  const threads = availableParallelism();
  const seeds = Array.from({ length: count }, (_, i) => i + 1);
  const say = tellNowAndThen();
  const found = [];
  const take = (rollout) => {
    found.push(rollout);
    say(`simulated rollouts: ${found.length} of ${count}`);
  };
  await Promise.all(
    Array.from({ length: threads }, (_, thread) =>
      inThread({ options, seeds: seeds.filter((seed) => seed % threads === thread) }, take),
    ),
  );
  return found;
}

function inThread(workerData, take) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData });
    worker.on('message', take).on('error', reject).on('exit', resolve);
  });
}
