import { elementCount } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import type { Convert, OperatorToConvert } from './operator-to-convert.js';

/** Operators that compute with rows, which lie along the last axis. */
export const ROW_OPERATORS: Readonly<Record<string, Convert>> = {
  FULLY_CONNECTED: connectFully,
  SOFTMAX: softmax,
};

function softmax(operator: OperatorToConvert): void {
  const { graph } = operator;
  const place = operator.input(0);
  const beta = operator.float(0);
  const value = graph.value(place, 'nhwc');
  const scale = { operator: 'Mul', inputs: [value, graph.float(beta)] };
  const input = beta === 1 ? value : graph.intermediate(scale, operator.output);
  const axis = operator.shape(place).length - 1;
  operator.defineOutput('nhwc', {
    operator: 'Softmax',
    inputs: [input],
    integers: { axis: Math.max(0, axis) },
  });
}

/** Rows × weights [out, in], of which ONNX has products of two axes alone. */
function connectFully(operator: OperatorToConvert): void {
  const { graph } = operator;
  const [out, into] = operator.shape(operator.input(1)) as [number, number];
  const [shape, given] = [operator.shape(operator.input(0)), operator.shape(operator.output)];
  const elements = elementCount(shape);
  if (operator.shape(operator.input(1)).length !== 2 || elements % into !== 0) {
    throw modelInvalid(
      `expected rows of ${into} for weights [${out}, ${into}], got [${shape}].`,
      {},
    );
  }
  if (operator.choice(1) !== 0) {
    throw modelInvalid('expected weights in their own order, got shuffled ones.', {});
  }
  const [rows, results] = [
    [elements / into, into],
    [elements / into, out],
  ];
  const reshaped = (input: string, to: readonly number[]) => ({
    operator: 'Reshape',
    inputs: [input, graph.int64s(to)],
  });
  const value = graph.value(operator.input(0), 'nhwc');
  const input =
    `${shape}` === `${rows}` ? value : graph.intermediate(reshaped(value, rows), operator.output);
  const bias = operator.hasInput(2) ? [graph.value(operator.input(2), 'nhwc')] : [];
  const product = {
    operator: 'Gemm',
    inputs: [input, graph.value(operator.input(1), 'nhwc'), ...bias],
    integers: { transB: 1 },
  };
  const node =
    `${given}` === `${results}`
      ? product
      : reshaped(graph.intermediate(product, operator.output), given);
  operator.defineOutput('nhwc', node, operator.choice(0));
}
