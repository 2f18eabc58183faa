/**
 * The peer, with as many threads as the library has taken.
 *
 * @returns a function that gives it one input and waits for the answers
 */
export async function openReference(modelUrl, threads) {
  const worker = new Worker(new URL('./reference-worker.js', import.meta.url), { type: 'module' });
  const model = new Uint8Array(await (await fetch(modelUrl)).arrayBuffer());
  await new Promise((resolve) => {
    worker.onmessage = resolve;
    worker.postMessage({ model, threads });
  });
  const ask = (...inputs) =>
    new Promise((resolve) => {
      const answers = [];
      worker.onmessage = ({ data }) => {
        answers.push(data); // reading is part of a call: what nobody reads is never decoded
        if (answers.length === inputs.length) resolve(answers);
      };
      for (const input of inputs) worker.postMessage(input, [input.values.buffer]);
    });
  return Object.assign(ask, { terminate: () => worker.terminate() });
}
