import { open } from 'nearside';

/** What a caller gives of a model whose state and constants the library knows. */
const ASKED = { silero: ['input'] };

/** Opens a model with the library. @returns {Promise<(inputs: object) => Promise<unknown>>} */
export async function openOurs({
  model: name,
  url,
  trust,
  threads,
  backend,
  runtime,
  assets,
  warm,
  isTwice,
  onProgress,
}) {
  const model = await open(url, { trust, threads, backend, runtime, assets, onProgress });
  if (isTwice) await open(url, { trust, threads, backend, isolate: true });
  if (warm) await model.warm();
  if (name === 'voice') return async (sound) => (await model.run(sound)).output;
  return async (inputs) => {
    const tensors = Object.fromEntries(
      Object.entries(inputs)
        .filter(([input]) => ASKED[name]?.includes(input) ?? true)
        .map(([input, [datatype, data, shape]]) => [input, { datatype, data, shape }]),
    );
    const { output } = await model.run({ tensors }, { transfer: true });
    return output;
  };
}
