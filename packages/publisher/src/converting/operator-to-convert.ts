import { modelInvalid } from '../errors/model-invalid.js';
import type { Layout, Node, OnnxGraph } from './onnx-graph.js';
import type { TfliteOperator, TfliteTensor } from './tflite-file.js';

/** Writes one operator of TFLite as nodes of ONNX. */
export type Convert = (operator: OperatorToConvert) => void;

/** Pixels: [batch, height, width, channels]. */
export type Picture = readonly [number, number, number, number];

/** An operator with what it reads and gives, and the graph that it is written into. */
export class OperatorToConvert {
  constructor(
    readonly of: TfliteOperator,
    readonly graph: OnnxGraph,
  ) {}

  /** @returns an operator's input by its place in the file */
  input(index: number): number {
    const place = this.of.inputs[index];
    if (place !== undefined && place >= 0) return place;
    throw modelInvalid(`expected an input ${index}, got ${this.of.inputs.length} inputs.`, {});
  }

  hasInput(index: number): boolean {
    return (this.of.inputs[index] ?? -1) >= 0;
  }

  get output(): number {
    const [place] = this.of.outputs;
    if (place !== undefined) return place;
    throw modelInvalid('expected an output, got none.', {});
  }

  shape(place: number): readonly number[] {
    return this.tensor(place).shape;
  }

  picture(place: number): Picture {
    const { shape, name } = this.tensor(place);
    if (shape.length === 4) return shape as unknown as Picture;
    throw modelInvalid(`expected '${name}' of 4 axes, got [${shape}].`, { tensor: name });
  }

  /** @returns the values of a constant of integers: a shape, axes, widths */
  integers(place: number): number[] {
    const { values, type, name } = this.tensor(place);
    if (values && type.name === 'INT32') {
      const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
      return Array.from({ length: values.length / 4 }, (_, i) => view.getInt32(i * 4, true));
    }
    throw modelInvalid(
      `expected '${name}' to be a constant of INT32, got ${values ? type.name : 'what a run computes'}.`,
      { tensor: name },
    );
  }

  /** @returns axes counted from the front, each one that the tensor has */
  axes(list: readonly number[], of: number): number[] {
    const { length } = this.shape(of);
    const axes = list.map((axis) => (axis < 0 ? axis + length : axis));
    const wrong = list.find((_, i) => (axes[i] as number) < 0 || (axes[i] as number) >= length);
    if (wrong === undefined) return axes;
    throw modelInvalid(`expected an axis of ${length}, got ${wrong}.`, { axis: wrong });
  }

  integer(field: number, byDefault = 0): number {
    return this.of.options?.number(field, 'int32', byDefault) ?? byDefault;
  }

  /** A field of a byte: a truth, or a choice. */
  choice(field: number, byDefault = 0): number {
    return this.of.options?.number(field, 'int8', byDefault) ?? byDefault;
  }

  float(field: number, byDefault = 0): number {
    return this.of.options?.number(field, 'float32', byDefault) ?? byDefault;
  }

  tensor(place: number): TfliteTensor {
    return this.graph.tensor(place);
  }

  /** Writes what gives the output, and an ActivationFunctionType of TFLite's schema after it. */
  defineOutput(layout: Layout, node: Node, activation = 0): void {
    const last =
      activation === 0
        ? node
        : this.#activate(activation, this.graph.intermediate(node, this.output));
    this.graph.define(this.output, layout, last);
  }

  #activate(activation: number, input: string): Node {
    switch (activation) {
      case 1:
        return { operator: 'Relu', inputs: [input] };
      case 2:
        return this.clip(input, -1, 1);
      case 3:
        return this.clip(input, 0, 6);
      default:
        throw modelInvalid(`expected RELU, RELU_N1_TO_1 or RELU6, got activation ${activation}.`, {
          activation,
        });
    }
  }

  clip(input: string, least: number, most: number): Node {
    const { graph } = this;
    return { operator: 'Clip', inputs: [input, graph.float(least), graph.float(most)] };
  }
}
