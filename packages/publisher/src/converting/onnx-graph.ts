import { modelInvalid } from '../errors/model-invalid.js';
import { FLOAT, INT64 } from '../packing/onnx-datatypes.js';
import { DIMENSION, GRAPH, SHAPE, TENSOR_TYPE, TYPE, VALUE_INFO } from '../packing/onnx-file.js';
import { bytesField, intField, partsField } from '../packing/protobuf-fields.js';
import { computingNode, constant, freeName, type NewNode } from '../packing/write-nodes.js';
import { constantNodes, OPSET } from './constant-nodes.js';
import { permute } from './permute.js';
import type { TfliteFile, TfliteTensor } from './tflite-file.js';

/** Pictures lie pixel after pixel, as TFLite has them, or channel after channel, as ONNX computes. */
export type Layout = 'nhwc' | 'nchw';

export const TO_NCHW = [0, 3, 1, 2] as const;
const TO_NHWC = [0, 2, 3, 1] as const;

export type Node = Omit<NewNode, 'outputs'>;

/**
 * An ONNX graph while it is written of a TFLite one, whose tensors are named by their places. A value may be there in
 * both layouts: an operator asks for the one it computes in, and a Transpose is written where only the other is there.
 */
export class OnnxGraph {
  readonly #file: TfliteFile;
  readonly #nodes: Uint8Array[] = [];
  readonly #names = new Set<string>();
  readonly #ownNames = new Map<number, string>();
  readonly #taken = new Set<number>();
  /** Place → layout, or the shape and order of a constant → name of the value. */
  readonly #values = new Map<number, Map<string, string>>();
  /** Place → the constant that stands for it, in half floats or integers. */
  readonly #sources = new Map<number, number>();
  readonly #shared = new Map<string, string>();

  constructor(file: TfliteFile) {
    this.#file = file;
    for (const place of [...file.inputs, ...file.outputs]) this.#ownName(place);
    for (const place of file.inputs) this.#valuesOf(place).set('nhwc', this.#ownName(place));
  }

  tensor(place: number): TfliteTensor {
    return this.#file.tensors[place] as TfliteTensor;
  }

  isConstant(place: number): boolean {
    return this.#sources.has(place) || this.tensor(place).values !== undefined;
  }

  /** @returns the layout that takes the fewest transposes where all elements are treated alike */
  layoutOf(places: readonly number[]): Layout {
    const fits = (place: number) => {
      const axes = this.tensor(place).shape.length;
      return axes === 4 || (axes < 4 && this.isConstant(place));
    };
    const isThere = places.some((place) => this.#values.get(place)?.has('nchw'));
    return isThere && places.every(fits) ? 'nchw' : 'nhwc';
  }

  /** @returns the name of a value in a layout. A constant of fewer axes than pictures gets axes of 1 in front. */
  value(place: number, layout: Layout): string {
    const known = this.#values.get(place)?.get(layout);
    if (known !== undefined) return known;
    const { name, shape } = this.tensor(place);
    const isPicture = shape.length === 4 || (shape.length < 4 && this.isConstant(place));
    if (layout === 'nchw' && !isPicture) {
      throw modelInvalid(`expected '${name}' of 4 axes, got [${shape}].`, { tensor: name });
    }
    if (this.isConstant(place)) {
      if (layout === 'nhwc') return this.constant(place, { order: shape.map((_, axis) => axis) });
      const padded = [...Array<number>(4 - shape.length).fill(1), ...shape];
      return this.constant(place, { shape: padded, order: TO_NCHW });
    }
    const other = this.#values.get(place)?.get(layout === 'nhwc' ? 'nchw' : 'nhwc');
    if (other === undefined) {
      throw modelInvalid(`expected '${name}' from an operator before it, got it from none.`, {
        tensor: name,
      });
    }
    const perm = layout === 'nhwc' ? TO_NHWC : TO_NCHW;
    this.define(place, layout, { operator: 'Transpose', inputs: [other], integers: { perm } });
    return this.value(place, layout);
  }

  /** Writes a constant, once in each order of its axes: by axis of the result, the axis that it was. */
  constant(
    place: number,
    {
      shape = this.tensor(place).shape,
      order,
    }: { shape?: readonly number[]; order: readonly number[] },
  ): string {
    const form = `${shape} ${order}`;
    const known = this.#values.get(place)?.get(form);
    if (known !== undefined) return known;
    const source = this.#sources.get(place) ?? place;
    const tensor = this.tensor(source);
    if (!tensor.values || tensor.isSparse) {
      const got = tensor.values ? 'one without its zeros' : 'what a run computes';
      throw modelInvalid(`expected '${tensor.name}' to be a constant, got ${got}.`, {
        tensor: tensor.name,
      });
    }
    const { sizeBytes } = tensor.type;
    const name = this.#takeName(place);
    const stored = source === place ? this.#free(`${name}.stored`) : this.#takeName(source);
    const nodes = constantNodes({
      tensor,
      values: permute(tensor.values, { shape, order, sizeBytes }),
      shape: order.map((axis) => shape[axis] as number),
      order,
      name,
      storedName: stored,
      names: this.#names,
    });
    this.#nodes.push(...nodes);
    this.#valuesOf(place).set(form, name);
    return name;
  }

  /** Notes that a tensor is another one, a constant, in floats. */
  alias(place: number, { source }: { readonly source: number }): void {
    this.#requireNew(place, 'nhwc');
    const [shape, expected] = [this.tensor(place).shape, this.tensor(source).shape];
    if (`${shape}` !== `${expected}`) {
      const { name } = this.tensor(place);
      throw modelInvalid(`expected '${name}' of shape [${expected}], got [${shape}].`, {
        tensor: name,
      });
    }
    this.#sources.set(place, this.#sources.get(source) ?? source);
  }

  /** Writes what makes a tensor. */
  define(place: number, layout: Layout, node: Node): void {
    this.#requireNew(place, layout);
    const own = this.#ownName(place);
    const name = layout === 'nhwc' ? own : this.#free(`${own}.nchw`);
    this.#write(node, name);
    this.#valuesOf(place).set(layout, name);
  }

  /** Writes what makes a value that TFLite has no name for, and returns its name. */
  intermediate(node: Node, place: number): string {
    const name = this.#free(`${this.#ownName(place)}.${node.operator}`);
    this.#write(node, name);
    return name;
  }

  float(value: number): string {
    const values = Float32Array.of(value);
    return this.#share(`float.${value}`, { dataType: FLOAT, shape: [], values });
  }

  int64s(list: readonly number[]): string {
    const values = BigInt64Array.from(list, BigInt);
    return this.#share(`int64.${list.join('.')}`, {
      dataType: INT64,
      shape: [list.length],
      values,
    });
  }

  /** @returns the content of a GraphProto */
  finish(): Uint8Array[] {
    const outputs = this.#file.outputs.map((place) => [place, this.value(place, 'nhwc')] as const);
    const inputs = this.#file.inputs.map((place) => [place, this.#ownName(place)] as const);
    const info = (field: number, [place, name]: readonly [number, string]) => {
      const { type, shape } = this.tensor(place);
      return bytesField(field, valueInfo(name, { dataType: type.dataType, shape }));
    };
    return [
      ...this.#nodes,
      bytesField(GRAPH.name, 'tflite'),
      ...inputs.map((input) => info(GRAPH.input, input)),
      ...outputs.map((output) => info(GRAPH.output, output)),
    ];
  }

  #write(node: Node, output: string): void {
    this.#nodes.push(...computingNode({ ...node, outputs: [output] }));
  }

  #share(wanted: string, tensor: Parameters<typeof constant>[1]): string {
    const known = this.#shared.get(wanted);
    if (known !== undefined) return known;
    const name = this.#free(wanted);
    this.#nodes.push(...constant(name, tensor, { opset: OPSET }));
    this.#shared.set(wanted, name);
    return name;
  }

  #requireNew(place: number, layout: Layout): void {
    const { name, type, quantized } = this.tensor(place);
    if (this.#values.get(place)?.has(layout) || this.isConstant(place)) {
      throw modelInvalid(`expected '${name}' from one operator, got it from two.`, {
        tensor: name,
      });
    }
    if (!quantized || type.dataType === FLOAT) return;
    throw modelInvalid(
      `expected floats as '${name}', got ${type.name}. Export the model anew, with its weights alone in integers or in ` +
        'half floats.',
      { tensor: name, type: type.name },
    );
  }

  #valuesOf(place: number): Map<string, string> {
    const values = this.#values.get(place) ?? new Map<string, string>();
    this.#values.set(place, values);
    return values;
  }

  /** A tensor's own name, once; another of the same beginning after that. */
  #takeName(place: number): string {
    if (this.#taken.has(place)) return this.#free(this.#ownName(place));
    this.#taken.add(place);
    return this.#ownName(place);
  }

  #ownName(place: number): string {
    const known = this.#ownNames.get(place);
    if (known !== undefined) return known;
    const { name } = this.tensor(place);
    const own = name !== '' && !this.#names.has(name) ? name : `${name}_${place}`;
    const free = this.#free(own);
    this.#ownNames.set(place, free);
    return free;
  }

  #free(wanted: string): string {
    return freeName(wanted, this.#names);
  }
}

/** The content of a ValueInfoProto. */
function valueInfo(
  name: string,
  { dataType, shape }: { readonly dataType: number; readonly shape: readonly number[] },
): Buffer {
  const axes = shape.map((axis) => bytesField(SHAPE.dimension, intField(DIMENSION.value, axis)));
  const tensor = [
    intField(TENSOR_TYPE.elementType, dataType),
    bytesField(TENSOR_TYPE.shape, Buffer.concat(axes)),
  ];
  const type = partsField(TYPE.tensor, tensor);
  return Buffer.concat([bytesField(VALUE_INFO.name, name), ...partsField(VALUE_INFO.type, type)]);
}
