import { modelInvalid } from '../errors/model-invalid.js';
import type { Convert, OperatorToConvert } from './operator-to-convert.js';

/** Operators that treat all elements alike, in either layout. */
export const ELEMENT_OPERATORS: Readonly<Record<string, Convert>> = {
  ...ofOne({
    ABS: 'Abs',
    CEIL: 'Ceil',
    COS: 'Cos',
    ELU: 'Elu',
    EXP: 'Exp',
    FLOOR: 'Floor',
    LOG: 'Log',
    LOGISTIC: 'Sigmoid',
    NEG: 'Neg',
    RELU: 'Relu',
    ROUND: 'Round',
    SIN: 'Sin',
    SQRT: 'Sqrt',
    TANH: 'Tanh',
  }),
  ...ofTwo({ ADD: 'Add', DIV: 'Div', MUL: 'Mul', SUB: 'Sub' }, { hasActivation: true }),
  ...ofTwo({ MAXIMUM: 'Max', MINIMUM: 'Min', POW: 'Pow' }, { hasActivation: false }),
  PRELU: (operator) => computePair(operator, 'PRelu', 0),
  RELU6: (operator) => compute(operator, (input) => operator.clip(input, 0, 6)),
  RELU_N1_TO_1: (operator) => compute(operator, (input) => operator.clip(input, -1, 1)),
  LEAKY_RELU: (operator) =>
    compute(operator, (input) => ({
      operator: 'LeakyRelu',
      inputs: [input],
      floats: { alpha: operator.float(0) },
    })),
  SQUARE: (operator) => compute(operator, (input) => ({ operator: 'Mul', inputs: [input, input] })),
  /** x · min(max(0, x + 3), 6) / 6 */
  HARD_SWISH: (operator) =>
    compute(operator, (input) => {
      const gate = {
        operator: 'HardSigmoid',
        inputs: [input],
        floats: { alpha: 1 / 6, beta: 0.5 },
      };
      return {
        operator: 'Mul',
        inputs: [input, operator.graph.intermediate(gate, operator.output)],
      };
    }),
  /** Half floats, or integers with scales, of a constant. */
  DEQUANTIZE: (operator) => {
    const source = operator.input(0);
    if (operator.graph.isConstant(source)) {
      operator.graph.alias(operator.output, { source });
      return;
    }
    const { name, type } = operator.tensor(source);
    throw modelInvalid(
      `expected '${name}' to be a constant, got ${type.name} that a run computes.`,
      {
        tensor: name,
      },
    );
  },
};

function ofOne(named: Readonly<Record<string, string>>): Record<string, Convert> {
  const entries = Object.entries(named).map(([name, onnx]): [string, Convert] => [
    name,
    (operator) => compute(operator, (input) => ({ operator: onnx, inputs: [input] })),
  ]);
  return Object.fromEntries(entries);
}

function ofTwo(
  named: Readonly<Record<string, string>>,
  { hasActivation }: { readonly hasActivation: boolean },
): Record<string, Convert> {
  const entries = Object.entries(named).map(([name, onnx]): [string, Convert] => [
    name,
    (operator) => computePair(operator, onnx, hasActivation ? operator.choice(0) : 0),
  ]);
  return Object.fromEntries(entries);
}

function compute(
  operator: OperatorToConvert,
  node: (input: string) => Parameters<OperatorToConvert['defineOutput']>[1],
): void {
  const layout = operator.graph.layoutOf([operator.input(0)]);
  operator.defineOutput(layout, node(operator.graph.value(operator.input(0), layout)));
}

function computePair(operator: OperatorToConvert, onnx: string, activation: number): void {
  const { graph } = operator;
  const places = [operator.input(0), operator.input(1)];
  const layout = graph.layoutOf(places);
  const inputs = places.map((place) => graph.value(place, layout));
  operator.defineOutput(layout, { operator: onnx, inputs }, activation);
}
