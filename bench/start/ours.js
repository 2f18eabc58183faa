import { open, openUnsigned } from 'nearside';

/** Opens a model with the library. @returns {Promise<(inputs: object) => Promise<unknown>>} */
export async function openOurs({ url, trust, file, threads, warm, options }) {
  const choice = { backend: 'onnx-wasm', ...options };
  const model = url
    ? await open(url, { trust, threads, ...choice })
    : await openUnsigned(await (await fetch(file)).blob(), { name: 'model' }, choice);
  if (warm) await model.warm();
  return async (inputs) => {
    const named = Object.entries(inputs).map(([name, [datatype, data, shape]]) => [
      name,
      { datatype, data, shape },
    ]);
    const { output } = await model.run({ tensors: Object.fromEntries(named) }, { transfer: true });
    return output;
  };
}
