/** What ONNX Runtime calls our datatypes. Said here once more: a peer runs nothing of the library. */
export const RAW_TYPES = {
  BOOL: 'bool',
  UINT8: 'uint8',
  INT8: 'int8',
  UINT16: 'uint16',
  INT16: 'int16',
  UINT32: 'uint32',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
};

/**
 * Opens a model with the worker written by hand. What is asked at once waits in the worker.
 *
 * @param {{ file: string, threads: number }} options the model's address
 * @returns {Promise<((inputs: object) => Promise<ArrayLike<number | bigint>[]>) & { outputNames: string[], terminate(): void }>}
 *   gives the outputs' values in the order of `outputNames`, and takes the inputs' buffers for good
 */
export async function openRaw({ file, threads }) {
  const worker = new Worker(new URL('./raw-worker.js', import.meta.url), { type: 'module' });
  const asked = [];
  let lost;
  worker.onmessage = ({ data }) => {
    const { resolve, reject } = asked.shift();
    if (data.failed) reject(new Error(data.failed));
    else resolve(data);
  };
  worker.onerror = ({ message }) => {
    lost = new Error(message ?? 'Its file did not load.');
    for (const { reject } of asked.splice(0)) reject(lost);
  };
  const ask = (message, transfer) =>
    new Promise((resolve, reject) => {
      if (lost) return reject(lost);
      asked.push({ resolve, reject });
      worker.postMessage(message, transfer);
    });
  const model = new Uint8Array(await (await fetch(file)).arrayBuffer());
  const outputNames = await ask({ model, threads }, [model.buffer]);
  const run = (inputs) => {
    const named = Object.entries(inputs).map(([name, [type, ...rest]]) => [
      name,
      [RAW_TYPES[type], ...rest],
    ]);
    return ask(
      { inputs: Object.fromEntries(named) },
      named.map(([, [, { buffer }]]) => buffer),
    );
  };
  return Object.assign(run, { outputNames, terminate: () => worker.terminate() });
}
