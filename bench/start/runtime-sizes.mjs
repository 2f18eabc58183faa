import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { root } from '../../scripts/root.mjs';
import { row } from '../row.mjs';

const FILE = `${root}packages/nearside/dist/assets/ort-wasm-simd-threaded.wasm`;

/** What ONNX Runtime's file weighs as hosts send it: both at the highest level, as for files that never change. */
export async function runtimeSizes() {
  const bytes = await readFile(FILE);
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(bytes, { level: 9 }),
    promisify(brotliCompress)(bytes),
  ]);
  return [
    row('onnx-wasm-gzip-bytes', { value: zipped.length, unit: 'B' }),
    row('onnx-wasm-brotli-bytes', { value: brotli.length, unit: 'B' }),
  ];
}
