import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';

/** @typedef {{ readonly name: string, readonly shape: readonly number[], readonly data: Float32Array }} LiteRtOutput */

/**
 * Starts LiteRT.js, Google's runtime of `.tflite` files, which judges what is converted from them. It is made for
 * workers, so this stands in for what loads its script there.
 *
 * @returns {Promise<{ run(model: Uint8Array, inputs: readonly Float32Array[]): Promise<LiteRtOutput[]> }>}
 */
export async function startLiteRt() {
  const home = dirname(fileURLToPath(import.meta.resolve('@litertjs/core/package.json')));
  const folder = `${home}/wasm/`;
  const standIns = {
    self: globalThis,
    require: createRequire(`${folder}any.js`),
    __dirname: folder,
    __filename: `${folder}any.js`,
    importScripts: (script) => runInThisContext(readFileSync(script, 'utf8'), { filename: script }),
  };
  Object.assign(globalThis, standIns);
  const { loadAndCompile, loadLiteRt, Tensor } = await import(`${home}/dist/index.js`); // whose types change those of the DOM
  await silently(() => loadLiteRt(folder));
  for (const name of Object.keys(standIns)) delete globalThis[name]; // other code asks whether it is in a worker by them
  return {
    async run(model, inputs) {
      const compiled = await loadAndCompile(new Uint8Array(model), { accelerator: 'wasm' });
      const shapes = compiled.getInputDetails().map(({ shape }) => [...shape]);
      const given = inputs.map((data, i) => new Tensor(data, shapes[i]));
      const tensors = await compiled.run(given);
      const details = compiled.getOutputDetails();
      const outputs = tensors.map(async (tensor, i) => {
        const data = Float32Array.from((await tensor.moveTo('wasm')).toTypedArray());
        return { name: details[i].name, shape: [...details[i].shape], data };
      });
      const read = await Promise.all(outputs);
      for (const tensor of [...given, ...tensors]) tensor.delete();
      compiled.delete();
      return read;
    },
  };
}

/** It writes to the functions of the console that it finds as it starts. */
async function silently(start) {
  const { error, log, warn } = console;
  Object.assign(console, { error() {}, log() {}, warn() {} });
  await start().finally(() => Object.assign(console, { error, log, warn }));
}
