/** Pairs of times in ms, in an order drawn anew for each, in the order of the contenders. */
export async function compare(contenders, { pairs, warmUps }) {
  for (let i = 0; i < warmUps; i += 1) for (const run of contenders) await run();
  const measured = [];
  for (let i = 0; i < pairs; i += 1) {
    const order = Math.random() < 0.5 ? [0, 1] : [1, 0];
    const times = [];
    for (const index of order) {
      const start = performance.now();
      await contenders[index]();
      times[index] = performance.now() - start;
    }
    measured.push(times);
  }
  return measured;
}

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
  return (...inputs) =>
    new Promise((resolve) => {
      const answers = [];
      worker.onmessage = ({ data }) => {
        answers.push(data); // reading is part of a call: what nobody reads is never decoded
        if (answers.length === inputs.length) resolve(answers);
      };
      for (const input of inputs) worker.postMessage(input, [input.values.buffer]);
    });
}
