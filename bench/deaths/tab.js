// Asks the address `told` for its turn, then opens the recogniser as `how` says, runs it once, keeps it, and tells that.
import { open } from 'nearside';
import { INPUTS } from '../start/inputs.js';

/** It rests soon after its run, ms. */
const REST_HIDDEN_MS = 500;

const query = new URLSearchParams(location.search);
const { url, trust } = JSON.parse(query.get('how'));
const ask = (body) => fetch(query.get('told'), { method: 'POST', mode: 'no-cors', body });

async function hold() {
  const policy = { update: 'manual', restHiddenMs: REST_HIDDEN_MS };
  const model = await open(url, { trust, tune: 'off', policy });
  const [datatype, data, shape] = INPUTS.recogniser().x;
  await model.run({ tensors: { x: { datatype, data, shape } } });
  globalThis.model = model;
}

await ask(document.visibilityState);
const error = await hold().then(
  () => '',
  ({ message }) => message,
);
await ask(error);
