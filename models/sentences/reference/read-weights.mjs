import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Reads the weights of a TensorFlow.js graph model whose files lie in a folder.
 *
 * @returns {Promise<(part: string) => Float32Array>} the one whose name has this part, or throws
 */
export async function readWeights(folder) {
  const { weightsManifest } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const found = new Map();
  for (const { paths, weights } of weightsManifest) {
    const files = await Promise.all(paths.map((path) => readFile(join(folder, path))));
    const bytes = Buffer.concat(files);
    let offset = 0;
    for (const { name, shape } of weights) {
      // floats and integers of 32 bits
      const length = 4 * shape.reduce((product, axis) => product * axis, 1);
      found.set(name, bytes.subarray(offset, offset + length));
      offset += length;
    }
  }
  return (part) => {
    const names = [...found.keys()].filter((name) => name.includes(part));
    if (names.length !== 1) {
      throw new Error(`${folder}: expected one tensor of ${part}, got ${names.length}.`);
    }
    const bytes = found.get(names[0]);
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  };
}
