import { open } from 'nearside';

globalThis.ask = async ({ url, trust, backend, task }, items) => {
  const model = await open(url, { trust, backend, task });
  const outputs = [];
  for (const { record, file } of items) {
    const input = record ?? (await (await fetch(`items/${file}`)).blob());
    outputs.push((await model.run(input)).output);
  }
  await model.close();
  return outputs;
};

document.documentElement.dataset.state = 'ready';
