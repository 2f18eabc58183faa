import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';

const NAME = 'wrong-on-webgpu';

const FIXTURE = `${root}tests/fixtures/${NAME}`;

/** As in the fixture's golden.json. */
const TENSORS = {
  'input_0.pb': { shape: [1, 129, 4, 4], file: 'noise.x.bin' },
  'output_0.pb': { shape: [1, 4, 4, 4], file: 'noise.y.bin' },
};

/**
 * Writes a convolution that ONNX Runtime computes wrongly on every WebGPU as a node test: none of ONNX's own is like that on
 * a GPU that is computed in software.
 *
 * @param {string} dir empty folder to work in
 * @returns {Promise<{ folder: string, source: string }>} as `findNodeTests` does
 */
export async function writeWrongOnWebgpu(dir) {
  const values = `${dir}/${NAME}/test_data_set_0`;
  await mkdir(values, { recursive: true });
  await cp(`${FIXTURE}/model.onnx`, `${dir}/${NAME}/model.onnx`);
  for (const [name, { shape, file }] of Object.entries(TENSORS)) {
    await writeFile(`${values}/${name}`, tensorProto(shape, await readFile(`${FIXTURE}/${file}`)));
  }
  return { folder: dir, source: 'tests/fixtures' };
}

/** A `TensorProto` of floats. Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
function tensorProto(shape, raw) {
  const DIMS = [1 << 3];
  const DATA_TYPE = [2 << 3];
  const RAW_DATA = [(9 << 3) | 2];
  const FLOAT = 1;
  const head = [
    ...shape.flatMap((axis) => [...DIMS, ...varint(axis)]),
    ...[...DATA_TYPE, FLOAT],
    ...[...RAW_DATA, ...varint(raw.length)],
  ];
  return Buffer.concat([Buffer.from(head), raw]);
}

function varint(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}
