/** @returns {Promise<{ sessions: number[][], runs: number[][] }>} pairs of times, ms, from a worker of its own; see `beside-worker.js` */
globalThis.timeInTurn = (request) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./beside-worker.js', import.meta.url), { type: 'module' });
    worker.onerror = reject;
    worker.onmessage = ({ data: { times, failed } }) => {
      if (!times && !failed) return;
      worker.terminate();
      if (failed) reject(new Error(failed));
      else resolve(times);
    };
    worker.postMessage({ request });
  });
