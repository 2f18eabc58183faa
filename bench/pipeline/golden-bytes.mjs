import { readdir, readFile, stat } from 'node:fs/promises';
import { row } from '../row.mjs';

/** Bytes that are always allowed. */
const FREE_BYTES = 32 * 1024;

/**
 * Golden files ÷ weights, the largest over all models whose golden files take more than 32 KiB; of the others none.
 *
 * @param {string} packed folder of packed models
 */
export async function goldenBytesShare(packed) {
  const shares = [];
  for (const model of await readdir(packed)) {
    const folder = `${packed}/${model}`;
    const spec = JSON.parse(await readFile(`${folder}/model.json`, 'utf8'));
    const files = spec.variants.flatMap(({ files = [], stages = {} }) => [
      ...files,
      ...Object.values(stages).flatMap((stage) => stage.files),
    ]);
    const weights = await sizeOf([...new Set(files)].map((name) => `${folder}/${name}`));
    const golden = await sizeOf(
      (await readdir(`${folder}/golden`).catch(() => [])).map((name) => `${folder}/golden/${name}`),
    );
    shares.push(golden <= FREE_BYTES ? 0 : golden / weights);
  }
  return row('golden-bytes-share', { value: Math.max(...shares), unit: '', atMost: 0.02 });
}

async function sizeOf(paths) {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
