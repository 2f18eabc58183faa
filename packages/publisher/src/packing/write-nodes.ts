import { ATTRIBUTE, GRAPH, NODE, TENSOR } from './onnx-file.js';
import { bytesField, floatField, intField, partsField } from './protobuf-fields.js';

/** AttributeProto.AttributeType. */
const TYPES = { float: 1, integer: 2, text: 3, tensor: 4, integers: 7 } as const;

export interface NewTensor {
  /** TensorProto.DataType. */
  readonly dataType: number;
  readonly shape: readonly number[];
  readonly values: ArrayBufferView;
}

/** Before this version of ONNX a Constant has no integers of 8 bits. */
const CONSTANTS_SINCE = 9;

type File = { readonly opset: number };

/** A node of a graph that is nothing but a tensor, or an initializer; in parts: its values are not copied. */
export function constant(
  name: string,
  { dataType, shape, values }: NewTensor,
  file: File,
): Uint8Array[] {
  const { buffer, byteOffset, byteLength } = values;
  const content = partsField(TENSOR.rawData, [new Uint8Array(buffer, byteOffset, byteLength)]);
  return constantOf(name, { dataType, shape, content }, file);
}

/** The same of a list of integers that are 0. They stay in the graph where weights are moved out of it. */
export function zeros(
  name: string,
  { dataType, length }: { readonly dataType: number; readonly length: number },
  file: File,
): Uint8Array[] {
  const content = partsField(TENSOR.integers, [new Uint8Array(length)]); // one varint each
  return constantOf(name, { dataType, shape: [length], content }, file);
}

function constantOf(
  name: string,
  { dataType, shape, content }: Omit<NewTensor, 'values'> & { content: readonly Uint8Array[] },
  { opset }: File,
): Uint8Array[] {
  const tensor = [
    ...shape.map((length) => intField(TENSOR.dims, length)),
    intField(TENSOR.dataType, dataType),
    ...content,
  ];
  if (opset < CONSTANTS_SINCE) {
    return partsField(GRAPH.initializer, [...tensor, bytesField(TENSOR.name, name)]);
  }
  const value = partsField(ATTRIBUTE.tensor, tensor);
  return node(
    { operator: 'Constant', inputs: [], outputs: [name] },
    attribute('value', value, 'tensor'),
  );
}

export interface NewNode {
  readonly operator: string;
  readonly domain?: string | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** They are 0 or more. */
  readonly integers?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly texts?: Readonly<Record<string, string>>;
}

export function computingNode(of: NewNode): Uint8Array[] {
  const { integers = {}, floats = {}, texts = {} } = of;
  return node(of, [
    ...Object.entries(integers).flatMap(([name, value]) => integerAttribute(name, value)),
    ...Object.entries(floats).flatMap(([name, value]) =>
      attribute(name, [floatField(ATTRIBUTE.float, value)], 'float'),
    ),
    ...Object.entries(texts).flatMap(([name, value]) =>
      attribute(name, [bytesField(ATTRIBUTE.text, value)], 'text'),
    ),
  ]);
}

function integerAttribute(name: string, value: number | readonly number[]): Uint8Array[] {
  if (typeof value === 'number') {
    return attribute(name, [intField(ATTRIBUTE.integer, value)], 'integer');
  }
  const list = value.map((integer) => intField(ATTRIBUTE.integers, integer));
  return attribute(name, list, 'integers');
}

function node({ operator, domain, inputs, outputs }: NewNode, attributes: readonly Uint8Array[]) {
  return partsField(GRAPH.node, [
    ...inputs.map((input) => bytesField(NODE.input, input)),
    ...outputs.map((output) => bytesField(NODE.output, output)),
    bytesField(NODE.operator, operator),
    ...attributes,
    ...(domain ? [bytesField(NODE.domain, domain)] : []),
  ]);
}

function attribute(
  name: string,
  value: readonly Uint8Array[],
  type: keyof typeof TYPES,
): Uint8Array[] {
  const content = [bytesField(ATTRIBUTE.name, name), ...value];
  return partsField(NODE.attribute, [...content, intField(ATTRIBUTE.type, TYPES[type])]);
}

/** @returns a name that no value of the file has, which has it from now on */
export function freeName(wanted: string, names: Set<string>): string {
  let name = wanted;
  while (names.has(name)) name = `${name}_`;
  names.add(name);
  return name;
}
