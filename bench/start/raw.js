const RAW_TYPES = { FP32: 'float32', INT64: 'int64' };

/** Opens a model with the worker written by hand. @returns {Promise<(inputs: object) => Promise<unknown>>} */
export async function openRaw({ file, threads }) {
  const worker = new Worker(new URL('./raw-worker.js', import.meta.url), { type: 'module' });
  const ask = (message, transfer = []) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
      worker.postMessage(message, transfer);
    });
  const model = new Uint8Array(await (await fetch(file)).arrayBuffer());
  await ask({ model, threads }, [model.buffer]);
  return (inputs) => {
    const named = Object.entries(inputs).map(([name, [type, ...rest]]) => [
      name,
      [RAW_TYPES[type], ...rest],
    ]);
    return ask(
      { inputs: Object.fromEntries(named) },
      named.map(([, [, { buffer }]]) => buffer),
    );
  };
}
