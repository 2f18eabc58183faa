import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { startRepository } from '../../scripts/stack.mjs';

/**
 * Publishes a model once for each of its variants, each in a repository of its own with that variant alone: nothing
 * else can answer.
 *
 * @param {string} model name of its folder
 * @param {string} dir empty folder to work in
 * @param {'common' | 'full'} [onnxRuntime] as of `pack`
 */
export async function publishVariants(model, dir, onnxRuntime = 'common') {
  const { generateKeys, pack, publish } = await import('@nearside/publisher');
  const spec = JSON.parse(await readFile(`${root}models/${model}/model.json`, 'utf8'));
  await generateKeys({ out: `${dir}/keys` });
  const published = [];
  for (const { name, runtime } of spec.variants) {
    const alone = `${dir}/${name}/model`;
    await cp(`${root}models/${model}`, alone, { recursive: true });
    await leaveOnly(name, alone);
    await pack({ modelDirectory: alone, out: `${dir}/${name}/packed`, onnxRuntime });
    const repository = `${dir}/${name}/repository`;
    const { pin } = await publish({
      packed: `${dir}/${name}/packed`,
      repository,
      keys: `${dir}/keys`,
    });
    await rm(alone, { recursive: true });
    const server = await startRepository(repository, 0);
    const backend = runtime === 'onnx' ? 'onnx-wasm' : 'tfjs-wasm';
    published.push({ variant: name, backend, url: `${server.url}/${model}`, trust: pin, server });
  }
  return published;
}

async function leaveOnly(variant, folder) {
  const spec = JSON.parse(await readFile(`${folder}/model.json`, 'utf8'));
  const golden = JSON.parse(await readFile(`${folder}/golden.json`, 'utf8'));
  const only = (named) => ({ [variant]: named[variant] });
  const { ships, ...wanted } = spec.variants.find(({ name }) => name === variant);
  const variants = [wanted]; // one that others are compared with is published here too
  const cases = golden.cases.map((one) => ({ ...one, expected: only(one.expected) }));
  await writeFile(`${folder}/model.json`, JSON.stringify({ ...spec, variants }));
  const tolerance = only(golden.tolerance);
  await writeFile(`${folder}/golden.json`, JSON.stringify({ ...golden, cases, tolerance }));
}
