// A classifier of photos whose network costs next to nothing, so that the ratio is of all the rest: the mean of each
// channel, then one layer.

const FLOAT = 1;
const LABELS = ['red', 'green', 'blue', 'grey'];

/** 3 × 4: each label looks at one channel, the last at all. */
const WEIGHTS = Float32Array.from([1, 0, 0, 0.3, 0, 1, 0, 0.3, 0, 0, 1, 0.3]);

export const PHOTO_LABELS = LABELS;

/** x [n, 3, 224, 224] → logits [n, 4], as an ONNX file. Fields are those of onnx.proto. */
export function photoModel() {
  const graph = [
    field(1, node('GlobalAveragePool', ['x'], 'means')),
    field(1, node('Flatten', ['means'], 'flat')),
    field(1, node('MatMul', ['flat', 'weights'], 'logits')),
    field(2, text('photo')),
    field(5, [
      field(1, 3),
      field(1, 4),
      field(2, FLOAT),
      field(8, text('weights')),
      field(9, floats(WEIGHTS)),
    ]),
    field(11, declared('x', ['n', 3, 224, 224])),
    field(12, declared('logits', ['n', 4])),
  ];
  const opset = [field(1, text('')), field(2, 13)];
  return new Blob([Uint8Array.from(flatten([field(1, 8), field(7, graph), field(8, opset)]))]);
}

function node(operator, inputs, output) {
  return [
    ...inputs.map((input) => field(1, text(input))),
    field(2, text(output)),
    field(4, text(operator)),
  ];
}

function declared(name, shape) {
  const dims = shape.map((axis) =>
    field(1, typeof axis === 'string' ? field(2, text(axis)) : field(1, axis)),
  );
  return [field(1, text(name)), field(2, field(1, [field(1, FLOAT), field(2, dims)]))];
}

/** A number is a varint, a list the bytes of a message: https://protobuf.dev/programming-guides/encoding */
function field(number, value) {
  if (typeof value === 'number') return [...varint(number << 3), ...varint(value)];
  const bytes = flatten(value);
  return [...varint((number << 3) | 2), ...varint(bytes.length), ...bytes];
}

function varint(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function text(value) {
  return [...new TextEncoder().encode(value)];
}

function floats(values) {
  return [...new Uint8Array(values.buffer)];
}

function flatten(bytes) {
  return bytes.flat(Number.POSITIVE_INFINITY);
}
