import { cp, mkdir, writeFile } from 'node:fs/promises';
import { root } from './root.mjs';

/** Those that have a card that says what they are good for, and weigh less than 3 MB. */
const READY_MODELS = ['breast-cancer', 'digits', 'faces', 'people', 'spam', 'voice'];

/**
 * Fills the staged package `@nearside/models`: each model sealed, its card, and a module of its reference. The publisher has to be
 * built, and the weights placed.
 *
 * @param {string} dir of the staged package
 * @param {{ name: string, version: string }} manifest its package.json
 */
export async function sealModels(dir, { name, version }) {
  const { seal } = await import('../packages/publisher/dist/index.js');
  await mkdir(`${dir}/dist`, { recursive: true });
  for (const model of READY_MODELS) {
    await seal({
      modelDirectory: `${root}models/${model}`,
      out: `${dir}/${model}`,
      url: `https://cdn.jsdelivr.net/npm/${name}@${version}/${model}`,
      module: `${dir}/dist/${model}.js`,
      onnxRuntime: 'common', // all are in the corpus of `npm run profile:runtime`
    });
    await cp(`${root}models/${model}/MODEL.md`, `${dir}/${model}.md`);
  }
  const index = READY_MODELS.map((model) => `export * from './${model}.js';\n`).join('');
  for (const ending of ['js', 'd.ts']) await writeFile(`${dir}/dist/index.${ending}`, index);
}
