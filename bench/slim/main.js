// The page's side: gives jobs to a worker with one runtime file, and starts another one when that is lost.
import { readMarks } from '../../scripts/slim/mark-functions.mjs';

/** A run that takes this long hangs, ms. The longest of a session that is created takes some seconds here. */
const LIMIT_MS = 20_000;

/**
 * @param {{ wasm: string, threads: number, marks?: { at: number, count: number }, jobs: object[], limitMs?: number }} work
 *   `wasm` is the runtime file's address; `marks` where its functions leave marks; for jobs see `worker.js`
 * @returns {Promise<{ outcomes: string[][], entered: number[], startMs: number }>} what each run of each job came to:
 *   a hash of all outputs, an error's words, or `trap`, `hang`, `lost`
 */
globalThis.work = async ({ wasm, threads, marks, jobs, limitMs = LIMIT_MS }) => {
  const outcomes = jobs.map(() => []);
  const entered = new Set();
  let runtime;
  for (const [i, job] of jobs.entries()) {
    while (outcomes[i].length < job.runs.length) {
      runtime ??= await startRuntime({ wasm, threads, limitMs });
      const rest = { ...job, runs: job.runs.slice(outcomes[i].length) };
      const isAlive = runtime.end === undefined && (await runtime.run(rest, outcomes[i]));
      if (runtime.end && outcomes[i].length < job.runs.length) outcomes[i].push(runtime.end);
      if (isAlive) continue;
      collect(runtime);
      runtime.worker.terminate();
      runtime = undefined;
    }
    if (runtime) collect(runtime);
  }
  runtime?.worker.terminate();
  return { outcomes, entered: [...entered] };

  function collect({ memory }) {
    if (marks && memory) for (const each of readMarks(memory.buffer, marks)) entered.add(each);
  }
};

/** One visit with a file: how long each step takes, ms. */
globalThis.time = (request) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onerror = reject;
    worker.onmessage = ({ data }) => {
      if (data.outcome) reject(new Error(data.outcome));
      if (data.times) resolve(data.times);
    };
    worker.postMessage({ time: request });
  });

/** @returns {Promise<{ worker: Worker, memory?: WebAssembly.Memory, end?: string, run(job: object, outcomes: string[]): Promise<boolean> }>} */
async function startRuntime({ wasm, threads, limitMs }) {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  /** Ends with what `take` returns, once it is not undefined; else with how the runtime was lost. */
  const listen = (take) =>
    new Promise((resolve) => {
      let timer = setTimeout(resolve, limitMs, { lost: 'hang' });
      worker.onerror = () => resolve({ lost: 'lost' });
      worker.onmessage = ({ data }) => {
        clearTimeout(timer);
        timer = setTimeout(resolve, limitMs, { lost: 'hang' });
        const result = take(data);
        if (result) {
          clearTimeout(timer);
          resolve(result);
        }
      };
    });
  const started = listen((data) => {
    if (data.ready) return { ready: true };
    return data.outcome && { lost: data.outcome };
  });
  worker.postMessage({ wasm, threads });
  const runtime = {
    worker,
    memory: undefined, // it comes with the first session, which is when the runtime starts
    end: (await started).lost,
    async run(job, outcomes) {
      const ended = listen((data) => {
        runtime.memory ??= data.memory;
        if (data.outcome) outcomes.push(data.outcome);
        if (data.outcome === 'trap') return { lost: 'trap' };
        return data.done && { done: true };
      });
      worker.postMessage({ job });
      const { lost } = await ended;
      if (lost && lost !== 'trap') outcomes.push(lost);
      return !lost;
    },
  };
  return runtime;
}
