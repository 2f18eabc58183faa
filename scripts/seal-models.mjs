import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { root } from './root.mjs';
import { runtimeOf } from './stack.mjs';

const PACKAGE = `${root}packages/models`;

/** Those that have a card that says what they are good for, and weigh less than 3 MB. */
const READY_MODELS = ['breast-cancer', 'digits', 'faces', 'people', 'spam', 'voice'];

/**
 * Seals the models of `@nearside/models` in its folder, each with a module of its reference and its card. The publisher has to be
 * built, and the weights placed.
 */
export async function sealModels() {
  const { seal } = await import('../packages/publisher/dist/index.js');
  const { name, version } = JSON.parse(await readFile(`${PACKAGE}/package.json`, 'utf8'));
  await mkdir(`${PACKAGE}/dist`, { recursive: true });
  for (const model of READY_MODELS) {
    const out = `${PACKAGE}/${model}`;
    await rm(out, { recursive: true, force: true });
    await seal({
      modelDirectory: `${root}models/${model}`,
      out,
      url: `https://cdn.jsdelivr.net/npm/${name}@${version}/${model}`,
      module: `${PACKAGE}/dist/${model}.js`,
      onnxRuntime: runtimeOf(model),
    });
    await cp(`${root}models/${model}/MODEL.md`, `${PACKAGE}/${model}.md`);
  }
  const index = READY_MODELS.map((model) => `export * from './${model}.js';\n`).join('');
  for (const ending of ['js', 'd.ts']) await writeFile(`${PACKAGE}/dist/index.${ending}`, index);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await sealModels();
