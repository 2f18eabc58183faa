/** Fields of protobuf messages, enough to write ONNX files that no exporter would. */

export function bytesField(number: number, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content as Uint8Array);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function intField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

/** A ModelProto with the given parts in its graph, beside `y = Relu(x)` of four FP32. */
export function onnxBytes(...parts: readonly Uint8Array[]): Buffer {
  return onnxOf('Relu', ...parts);
}

/** The same with another operator of one input. */
export function onnxOf(operator: string, ...parts: readonly Uint8Array[]): Buffer {
  const node = [bytesField(1, 'x'), bytesField(2, 'y'), bytesField(4, operator)];
  const graph = [
    bytesField(1, Buffer.concat(node)),
    bytesField(11, value('x', [1, 4])),
    bytesField(12, value('y', [1, 4])),
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

/** An initializer of the graph whose four values lie in another file. */
export function externalInitializer(location: string): Buffer {
  const entry = Buffer.concat([bytesField(1, 'location'), bytesField(2, location)]);
  const tensor = [intField(1, 4), intField(2, 1), bytesField(8, 'w'), bytesField(13, entry)];
  return bytesField(5, Buffer.concat([...tensor, intField(14, 1)]));
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

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const seven = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? seven + 128 : seven);
  } while (rest > 0);
  return Buffer.from(bytes);
}
