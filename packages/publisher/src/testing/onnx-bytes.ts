import { bytesField, intField, varint } from '../packing/protobuf-fields.js';

/** ONNX files that no exporter would write. */

/** A ModelProto with the given parts in its graph, beside `y = Relu(x)` of four FP32. */
export function onnxBytes(...parts: readonly Uint8Array[]): Buffer {
  return onnxOf('Relu', ...parts);
}

/** The same with another operator of one input. */
export function onnxOf(operator: string, ...parts: readonly Uint8Array[]): Buffer {
  return onnxOfShape([1, 4], operator, ...parts);
}

/** The same for tensors of another shape. */
export function onnxOfShape(
  shape: readonly number[],
  operator: string,
  ...parts: readonly Uint8Array[]
): Buffer {
  const node = [bytesField(1, 'x'), bytesField(2, 'y'), bytesField(4, operator)];
  const graph = [
    bytesField(1, Buffer.concat(node)),
    bytesField(11, value('x', shape)),
    bytesField(12, value('y', shape)),
    ...parts,
  ];
  const opset = Buffer.concat([bytesField(1, ''), intField(2, 13)]);
  return Buffer.concat([intField(1, 8), bytesField(7, Buffer.concat(graph)), bytesField(8, opset)]);
}

/** A ValueInfoProto of FP32. */
export function value(name: string, shape: readonly number[]): Buffer {
  const axes = shape.map((axis) => bytesField(1, intField(1, axis)));
  const type = [intField(1, 1), bytesField(2, Buffer.concat(axes))];
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, Buffer.concat(type)))]);
}

/** The content of a TensorProto. */
export function tensor(name: string, dataType: number, shape: number[], raw: Uint8Array): Buffer {
  const dims = shape.map((axis) => intField(1, axis));
  return Buffer.concat([...dims, intField(2, dataType), bytesField(8, name), bytesField(9, raw)]);
}

export function initializer(...of: Parameters<typeof tensor>): Buffer {
  return bytesField(5, tensor(...of));
}

/** An initializer of the graph whose values lie in a range of another file, bytes. */
export function placedInitializer(name: string, offset: number, length: number): Buffer {
  const place = { location: 'model.onnx.weights', offset: `${offset}`, length: `${length}` };
  return bytesField(5, externalTensor(Object.entries(place), { name, elements: length / 4 }));
}

/** An initializer of the graph whose four values lie in another file. */
export function externalInitializer(location: string): Buffer {
  return bytesField(5, externalTensor([['location', location]]));
}

/** The content of a TensorProto of floats whose place has these entries. */
export function externalTensor(
  place: readonly (readonly [string, string])[],
  { name, elements } = { name: 'w', elements: 4 },
): Buffer {
  const entries = place.map(([key, text]) => {
    return bytesField(13, Buffer.concat([bytesField(1, key), bytesField(2, text)]));
  });
  const head = [intField(1, elements), intField(2, 1), bytesField(8, name)];
  return Buffer.concat([...head, ...entries, intField(14, 1)]);
}

/** A node of the graph with a graph in it, which has a node with a graph in it, and so on. */
export function nestedGraphs(depth: number): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  for (let i = 0; i < depth; i++) {
    for (const number of [6, 5, 1]) {
      const head = Buffer.concat([varint(number * 8 + 2), varint(size)]);
      parts.push(head);
      size += head.length;
    }
  }
  return Buffer.concat(parts.reverse());
}
