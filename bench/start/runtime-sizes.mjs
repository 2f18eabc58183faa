import { readdir, readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { root } from '../../scripts/root.mjs';
import { row } from '../row.mjs';

const ASSETS = `${root}packages/nearside/dist/assets`;

/** What static hosts take of one file, bytes. */
const LARGEST_BYTES = 25 * 2 ** 20;

/** What ONNX Runtime's files weigh as hosts send them, at the highest level, as for files that never change; the largest as it is. */
export async function runtimeSizes() {
  const [wasm, webgpu] = await Promise.all(
    ['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.jspi.wasm'].map((name) =>
      readFile(`${ASSETS}/${name}`),
    ),
  );
  const zip = async (bytes) => (await promisify(gzip)(bytes, { level: 9 })).length;
  const brotli = await promisify(brotliCompress)(wasm);
  const sizes = (await readdir(ASSETS)).map(async (name) => (await stat(`${ASSETS}/${name}`)).size);
  const largest = Math.max(...(await Promise.all(sizes)));
  return [
    row('onnx-wasm-gzip-bytes', { value: await zip(wasm), unit: 'B' }),
    row('onnx-wasm-brotli-bytes', { value: brotli.length, unit: 'B' }),
    row('onnx-webgpu-gzip-bytes', { value: await zip(webgpu), unit: 'B', atMost: 4_200_000 }),
    row('largest-file-bytes', { value: largest, unit: 'B', atMost: LARGEST_BYTES }),
  ];
}
