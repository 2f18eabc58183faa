import { expect, test } from 'vitest';
import { onnxBytes } from '../testing/onnx-bytes.js';
import { findNeedyNode } from './needy-node.js';
import { parseOnnxFile } from './onnx-file.js';
import { bytesField } from './protobuf-fields.js';

/** `y = Relu(x)`, and after it more nodes in a row. */
function chain(...operators: readonly string[]): Buffer {
  const nodes = operators.map((operator, i) => {
    const node = [bytesField(1, i === 0 ? 'y' : `v${i - 1}`), bytesField(2, `v${i}`)];
    const name = operator === 'Einsum' ? [bytesField(3, 'mix')] : [];
    return bytesField(1, Buffer.concat([...node, ...name, bytesField(4, operator)]));
  });
  return onnxBytes(...nodes);
}

const has = (model: Uint8Array, operator: string) => Buffer.from(model).includes(operator);

test('the first node with which a graph does not run is found by its name, in a few runs of its first nodes', async () => {
  const before = ['Abs', 'Neg', 'Exp', 'Log', 'Tanh'];
  const model = chain(...before, 'Einsum', 'Sigmoid', 'Erf', 'Floor');
  const given: string[][] = [];
  const runs = async (part: Uint8Array) => {
    given.push(parseOnnxFile(part).outputs.map(({ name }) => name));
    return !has(part, 'Einsum');
  };
  expect(await findNeedyNode(model, runs)).toEqual({ operator: 'Einsum', name: 'mix' });
  expect(given).toEqual([['v3'], ['v5'], ['v4']]);
});

test('a node without a name is known by what it gives, and the only one is not run again', async () => {
  const never = () => Promise.reject(new Error('expected no run'));
  expect(await findNeedyNode(chain(), never)).toEqual({ operator: 'Relu', name: 'y' });
});
