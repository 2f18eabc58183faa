import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { simulateRollout } from './simulated-rollout.mjs';

if (!isMainThread) {
  const { options, seeds } = workerData;
  parentPort.postMessage(seeds.map((seed) => simulateRollout({ seed, ...options })));
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
  const found = Array.from({ length: threads }, (_, thread) =>
    inThread({ options, seeds: seeds.filter((seed) => seed % threads === thread) }),
  );
  return (await Promise.all(found)).flat();
}

function inThread(workerData) {
  return new Promise((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData }).on('message', resolve).on('error', reject);
  });
}
