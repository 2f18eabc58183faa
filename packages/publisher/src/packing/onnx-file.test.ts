import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { fixture, LOCATED } from '../testing/fixtures.js';
import { onnxOf } from '../testing/onnx-bytes.js';
import { noise } from '../testing/synthetic-model.js';
import { parseOnnxFile } from './onnx-file.js';
import { bytesField } from './protobuf-fields.js';

describe('an ONNX file', () => {
  test('has its tensors where python finds them, in constants and branches too', async () => {
    const { tensors } = parseOnnxFile(await readFile(fixture('affine.onnx')));
    expect(tensors.map(({ name, start, end }) => ({ name, start, end }))).toEqual(LOCATED.affine);
  });

  test('names the file, offset and length of weights that lie elsewhere', async () => {
    const { tensors } = parseOnnxFile(await readFile(fixture('external/model.onnx')));
    expect(tensors.map(({ name, external }) => ({ name, ...external }))).toEqual(LOCATED.external);
    expect(tensors[0]).toMatchObject({ dataType: 1, shape: [40, 8] });
  });

  test('takes as inputs what no initializer fills, with free axes as −1', async () => {
    const { inputs, outputs } = parseOnnxFile(await readFile(fixture('affine.onnx')));
    expect(inputs).toEqual([{ name: 'x', dataType: 1, shape: [-1, 4], freeAxes: ['n'] }]);
    expect(outputs).toEqual([{ name: 'y', dataType: 1, shape: [-1, 3], freeAxes: ['n'] }]);
  });

  test('names the values that a softmax gives, and those that store them', () => {
    const node = ['y', 'z', 'QuantizeLinear'].map((text, i) => bytesField([1, 2, 4][i] ?? 0, text));
    const stored = bytesField(1, Buffer.concat(node));
    const { probabilities } = parseOnnxFile(onnxOf('Softmax', stored));
    expect([...probabilities]).toEqual(['y', 'z']);
    expect(parseOnnxFile(onnxOf('Relu', stored)).probabilities.size).toBe(0);
  });

  test('that ends early is refused, unless its graph is whole', async () => {
    const bytes = await readFile(fixture('affine.onnx'));
    const whole = parseOnnxFile(bytes);
    const outcomes = Array.from({ length: bytes.length }, (_, length) =>
      attempt(() => parseOnnxFile(bytes.subarray(0, length))),
    );
    const refused = outcomes.filter((outcome) => outcome === 'model-invalid');
    expect(refused.length).toBeGreaterThan(LOCATED.affine.at(-1)?.end ?? 0);
    for (const outcome of outcomes) {
      if (outcome !== 'model-invalid') expect(outcome).toEqual(whole);
    }
  });

  test.each([1, 2, 3, 4, 5])('is not what noise is (seed %i)', (seed) => {
    expect(attempt(() => parseOnnxFile(noise(5000, seed)))).toBe('model-invalid');
  });
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}
