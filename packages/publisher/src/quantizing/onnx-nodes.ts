import { ATTRIBUTE, GRAPH, NODE, TENSOR } from '../packing/onnx-file.js';
import { bytesField, intField } from '../packing/protobuf-fields.js';

/** AttributeProto: its type, and the field of an integer. */
const [ATTRIBUTE_TYPE, ATTRIBUTE_INTEGER] = [20, 3];
/** AttributeProto.AttributeType. */
const TYPES = { integer: 2, tensor: 4 } as const;

export interface NewTensor {
  /** TensorProto.DataType. */
  readonly dataType: number;
  readonly shape: readonly number[];
  readonly values: Int8Array | Uint16Array | Float32Array;
}

/** A node of a graph that is nothing but a tensor. */
export function constantNode(output: string, { dataType, shape, values }: NewTensor): Uint8Array {
  const tensor = Buffer.concat([
    ...shape.map((length) => intField(TENSOR.dims, length)),
    intField(TENSOR.dataType, dataType),
    bytesField(TENSOR.rawData, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  ]);
  const value = bytesField(ATTRIBUTE.tensor, tensor);
  return node({ operator: 'Constant', inputs: [], output }, [attribute('value', value, 'tensor')]);
}

export interface NewNode {
  readonly operator: string;
  readonly domain?: string | undefined;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly integers?: Readonly<Record<string, number>>;
}

/** A node whose attributes are integers of 0 or more. */
export function computingNode(of: NewNode): Uint8Array {
  const attributes = Object.entries(of.integers ?? {}).map(([name, value]) =>
    attribute(name, intField(ATTRIBUTE_INTEGER, value), 'integer'),
  );
  return node(of, attributes);
}

function node({ operator, domain, inputs, output }: NewNode, attributes: readonly Uint8Array[]) {
  const content = [
    ...inputs.map((input) => bytesField(NODE.input, input)),
    bytesField(NODE.output, output),
    bytesField(NODE.operator, operator),
    ...attributes,
    ...(domain ? [bytesField(NODE.domain, domain)] : []),
  ];
  return bytesField(GRAPH.node, Buffer.concat(content));
}

function attribute(name: string, value: Uint8Array, type: keyof typeof TYPES): Uint8Array {
  const content = [bytesField(ATTRIBUTE.name, name), value, intField(ATTRIBUTE_TYPE, TYPES[type])];
  return bytesField(NODE.attribute, Buffer.concat(content));
}
