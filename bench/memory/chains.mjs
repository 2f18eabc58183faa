/** Fields of ONNX's messages (onnx.proto3): their numbers, as far as a chain of matrices has them. */
const MODEL = { irVersion: 1, graph: 7, opset: 8 };
const OPSET = { domain: 1, version: 2 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, operator: 4 };
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 };
const FLOAT = 1;
const EXTERNAL = 1;

/**
 * y = x · W₁ · W₂ … + b as an ONNX model.
 *
 * @param {{ columns: number, weights: Buffer[], bias: Float32Array }} chain
 * @param {string} [file] beside the model, which has the matrices one after the other; by default they are inside
 */
export function onnxChain({ columns, weights, bias }, file) {
  const square = [columns, columns];
  const nodes = weights.map((_, i) => {
    const [from, to] = [i === 0 ? 'x' : `h${i - 1}`, `h${i}`];
    return node('MatMul', [from, `w${i}`], to);
  });
  const matrices = weights.map((raw, i) =>
    tensor(
      `w${i}`,
      square,
      file ? external(file, i * raw.length, raw.length) : [bytes(TENSOR.raw, raw)],
    ),
  );
  const graph = [
    ...[...nodes, node('Add', [`h${weights.length - 1}`, 'b'], 'y')].map((one) =>
      bytes(GRAPH.node, one),
    ),
    bytes(GRAPH.name, 'chain'),
    ...matrices.map((one) => bytes(GRAPH.initializer, one)),
    bytes(GRAPH.initializer, tensor('b', [columns], [bytes(TENSOR.raw, Buffer.from(bias.buffer))])),
    bytes(GRAPH.input, value('x', columns)),
    bytes(GRAPH.output, value('y', columns)),
  ];
  return Buffer.concat([
    int(MODEL.irVersion, 8),
    bytes(MODEL.graph, Buffer.concat(graph)),
    bytes(MODEL.opset, Buffer.concat([bytes(OPSET.domain, ''), int(OPSET.version, 13)])),
  ]);
}

/** The same as a layers model of TensorFlow.js. */
export function tfjsChain({ columns, weights }) {
  const layers = weights.map((_, i) => ({
    class_name: 'Dense',
    config: {
      name: `d${i}`,
      units: columns,
      activation: 'linear',
      use_bias: i === weights.length - 1,
      dtype: 'float32',
      ...(i === 0 && { batch_input_shape: [null, columns] }),
    },
  }));
  const kernels = weights.map((_, i) => ({
    name: `d${i}/kernel`,
    shape: [columns, columns],
    dtype: 'float32',
  }));
  const bias = { name: `d${weights.length - 1}/bias`, shape: [columns], dtype: 'float32' };
  const model = {
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config: { name: 'chain', layers } },
    weightsManifest: [{ paths: ['weights.bin'], weights: [...kernels, bias] }],
  };
  return Buffer.from(JSON.stringify(model));
}

function node(operator, inputs, output) {
  return Buffer.concat([
    ...inputs.map((input) => bytes(NODE.input, input)),
    bytes(NODE.output, output),
    bytes(NODE.operator, operator),
  ]);
}

function tensor(name, shape, content) {
  return Buffer.concat([
    ...shape.map((axis) => int(TENSOR.dims, axis)),
    int(TENSOR.type, FLOAT),
    bytes(TENSOR.name, name),
    ...content,
  ]);
}

function external(location, offset, length) {
  const entries = Object.entries({ location, offset, length }).map(([key, value]) =>
    bytes(TENSOR.external, Buffer.concat([bytes(1, key), bytes(2, `${value}`)])),
  );
  return [...entries, int(TENSOR.location, EXTERNAL)];
}

/** A ValueInfoProto of [1, columns]. */
function value(name, columns) {
  const shape = [1, columns].map((axis) => bytes(1, int(1, axis)));
  const type = bytes(1, Buffer.concat([int(1, FLOAT), bytes(2, Buffer.concat(shape))]));
  return Buffer.concat([bytes(1, name), bytes(2, type)]);
}

function bytes(field, content) {
  const body = Buffer.from(content);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

function int(field, number) {
  return Buffer.concat([varint(field * 8), varint(number)]);
}

function varint(number) {
  const groups = [];
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) groups.push((rest % 128) + 128);
  return Buffer.from([...groups, rest]);
}
