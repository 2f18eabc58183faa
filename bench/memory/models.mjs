import { createHash, randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { startRepository } from '../../scripts/stack.mjs';
import { onnxChain, tfjsChain } from './chains.mjs';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** So many square matrices of so many columns: 256 MiB and 1 MiB of weights. */
const SIZES = { large: { columns: 1024, matrices: 64 }, small: { columns: 512, matrices: 1 } };

/** The weights that the small model lacks, bytes. */
export const MORE_BYTES = 255 * 1024 * 1024;

/** Where the weights are: beside the ONNX file, as `pack` puts them; inside it, as it was before; for TensorFlow.js. */
const FORMS = {
  beside: {
    variant: {
      runtime: 'onnx',
      dtype: 'fp32',
      files: ['fp32/model.onnx', 'fp32/model.onnx.weights'],
    },
    write: (chain) => [onnxChain(chain, 'model.onnx.weights'), Buffer.concat(chain.weights)],
  },
  inside: {
    variant: { runtime: 'onnx', dtype: 'fp32', files: ['fp32/model.onnx'] },
    write: (chain) => [onnxChain(chain)],
  },
  tfjs: {
    variant: {
      runtime: 'tfjs',
      format: 'layers-model',
      dtype: 'fp32',
      files: ['tfjs/model.json', 'tfjs/weights.bin'],
    },
    write: (chain) => [tfjsChain(chain), Buffer.concat([...chain.weights, bytesOf(chain.bias)])],
  },
};

/**
 * Publishes a large and a small model in each form, and puts the first form's files where `openUnsigned` fetches them.
 *
 * @param {string} dir empty folder to work in
 * @param {string} siteDir of the built page
 * @returns {Promise<{ trust: string, urlOf(form: string, size: string): string, filesOf(size: string): object, close(): Promise<void> }>}
 */
export async function publishMemoryModels(dir, siteDir) {
  const { generateKeys, publish } = await import('@nearside/publisher');
  const [keys, repository] = [`${dir}/keys`, `${dir}/repository`];
  await generateKeys({ out: keys });
  let trust = '';
  for (const [size, counts] of Object.entries(SIZES)) {
    const chain = drawChain(counts);
    for (const form of Object.keys(FORMS)) {
      const packed = `${dir}/packed/${form}-${size}`;
      await writePacked(packed, { name: `${form}-${size}`, form, chain });
      ({ pin: trust } = await publish({ packed, repository, keys }));
    }
    await placeFiles(`${siteDir}/${size}`, chain);
  }
  const server = await startRepository(repository, 0);
  return {
    trust,
    urlOf: (form, size) => new URL(`/${form}-${size}`, server.url).href,
    filesOf: (size) =>
      Object.fromEntries(
        ['model.onnx', 'model.onnx.weights'].map((name) => [name, `/${size}/${name}`]),
      ),
    close: () => server.close(),
  };
}

/** y = x · W₁ · W₂ … + b. Of zeros the answer is b, whatever the matrices are. */
function drawChain({ columns, matrices }) {
  const weights = Array.from({ length: matrices }, () => drawMatrix(columns));
  const bias = Float32Array.from({ length: columns }, (_, i) => Math.sin(i));
  return { columns, weights, bias };
}

/** Small positive numbers, which nothing compresses much. */
function drawMatrix(columns) {
  const words = randomFillSync(new Uint32Array(columns * columns));
  for (let i = 0; i < words.length; i += 1) words[i] = (words[i] & 0x007f_ffff) | 0x3b00_0000;
  return bytesOf(words);
}

function bytesOf({ buffer }) {
  return Buffer.from(buffer);
}

async function placeFiles(folder, chain) {
  await mkdir(folder, { recursive: true });
  const [graph, weights] = FORMS.beside.write(chain);
  await writeFile(`${folder}/model.onnx`, graph);
  await writeFile(`${folder}/model.onnx.weights`, weights);
}

/** What `pack` writes, which would take weights out of the file that has them inside. */
async function writePacked(directory, { name, form, chain }) {
  const { columns, bias, weights } = chain;
  const { variant, write } = FORMS[form];
  const written = write(chain);
  const tensor = { datatype: 'FP32', shape: [1, columns] };
  const files = {
    ...Object.fromEntries(variant.files.map((file, i) => [file, written[i]])),
    'x.bin': Buffer.alloc(4 * columns),
    'y.bin': bytesOf(bias),
    'MODEL.md': Buffer.from(`# ${name}\n\nA chain of matrices, for \`npm run bench -- memory\`.\n`),
    'baseline.json': json({ format: 2, n: 0, distributions: [] }),
    'golden.json': json({
      format: 1,
      cases: [
        {
          name: 'zeros',
          inputs: { x: { ...tensor, file: 'x.bin' } },
          expected: { only: { y: { ...tensor, file: 'y.bin' } } },
        },
      ],
      tolerance: { only: { abs: 1e-5, rel: 1e-5 } },
    }),
    'model.json': json({
      format: 1,
      name,
      version: '1.0.0',
      sequence: 1,
      task: 'tensors',
      inputs: [{ name: 'x', ...tensor }],
      outputs: [{ name: 'y', ...tensor }],
      preprocessing: [],
      postprocessing: [],
      variants: [{ name: 'only', ...variant }],
      limits: { memoryBytes: 2 * weights.length * weights[0].length },
    }),
  };
  const layout = { format: 1, files: {} };
  for (const [file, bytes] of Object.entries(files)) {
    layout.files[file] = chunksOf(bytes);
    await mkdir(`${directory}/${file}`.replace(/\/[^/]*$/, ''), { recursive: true });
    await writeFile(`${directory}/${file}`, bytes);
  }
  await writeFile(`${directory}/layout.json`, json(layout));
}

function chunksOf(bytes) {
  const chunks = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + CHUNK_BYTES);
    chunks.push([createHash('sha256').update(chunk).digest('hex'), chunk.length]);
  }
  return chunks;
}

function json(value) {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
