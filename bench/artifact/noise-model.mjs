import { createCipheriv } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a model directory whose weights nothing compresses, and that no runtime can load.
 *
 * @param {string} dir
 * @param {object} model
 * @param {readonly number[]} model.seeds one weight file each; the same seed gives the same file
 * @param {number} model.fileBytes of each weight file
 */
export async function writeNoiseModel(
  dir,
  { version = '1.0.0', sequence = 1, card = 'Noise.', seeds, fileBytes },
) {
  const weights = seeds.map((seed, i) => [`onnx/${i}.bin`, noise(fileBytes, seed)]);
  const tensor = (file) => ({ datatype: 'FP32', shape: [1, 4], file });
  const declared = (name) => ({ name, datatype: 'FP32', shape: [1, 4] });
  const variant = { name: 'noise', runtime: 'onnx', dtype: 'fp32' };
  const files = {
    'model.json': JSON.stringify({
      format: 1,
      name: 'noise',
      version,
      sequence,
      task: 'tensors',
      inputs: [declared('x')],
      outputs: [declared('y')],
      preprocessing: [],
      postprocessing: [],
      variants: [{ ...variant, files: weights.map(([name]) => name) }],
      limits: { memoryBytes: 1_000_000 },
    }),
    'golden.json': JSON.stringify({
      format: 1,
      cases: [
        {
          name: 'one',
          inputs: { x: tensor('golden/x.bin') },
          expected: { noise: { y: tensor('golden/y.bin') } },
        },
      ],
      tolerance: { noise: { abs: 1e-4, rel: 1e-3 } },
    }),
    'baseline.json': JSON.stringify({ format: 2, n: 0, distributions: [] }),
    'MODEL.md': `# Noise\n\n${card}\n`,
    'golden/x.bin': new Uint8Array(16),
    'golden/y.bin': new Uint8Array(16),
    ...Object.fromEntries(weights),
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(`${dir}/${name}`), { recursive: true });
    await writeFile(`${dir}/${name}`, content);
  }
}

/** AES-128 in counter mode on zeros. */
function noise(sizeBytes, seed) {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}
