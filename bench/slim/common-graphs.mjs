import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { quantizeOnnx } from '../../packages/publisher/dist/quantizing/quantize-onnx.js';
import { root } from '../../scripts/root.mjs';
import { Graph } from './graph.mjs';
import { OUR_MODELS } from './models.mjs';

/** A convolutional network with a residual block and a depthwise layer. */
function cnn() {
  const graph = new Graph();
  const convolve = (x, [out, into, size], { relu = true, ...attributes } = {}) => {
    const pads = Array(4).fill(size >> 1);
    const kernel = { kernel_shape: [size, size], pads, ...attributes };
    const y = graph.node(
      'Conv',
      [x, graph.weight(out, into, size, size), graph.weight(out)],
      kernel,
    );
    return relu ? graph.node('Relu', [y]) : y;
  };
  const x = graph.input('x', 'FP32', [[1, 2, 4], 3, 32, 32]);
  const stem = convolve(x, [16, 3, 3], { strides: [2, 2] });
  const pooled = graph.node('MaxPool', [stem], { kernel_shape: [2, 2], strides: [2, 2] });
  const inner = convolve(convolve(pooled, [16, 16, 3]), [16, 16, 3], { relu: false });
  const block = graph.node('Relu', [graph.node('Add', [inner, pooled])]);
  const wide = convolve(block, [64, 16, 1], { relu: false });
  const clipped = graph.node('Clip', [wide, graph.scalar(0), graph.scalar(6)]);
  const depthwise = convolve(clipped, [64, 1, 3], { group: 64 });
  const features = graph.node('Flatten', [graph.node('GlobalAveragePool', [depthwise])], {
    axis: 1,
  });
  const logits = graph.node('Gemm', [features, graph.weight(10, 64), graph.weight(10)], {
    transB: 1,
  });
  graph.output(graph.node('Softmax', [logits], { axis: 1 }), 'FP32', ['n', 10]);
  return graph.finish();
}

/** Dense layers over columns that are standardised first. */
function mlp() {
  const graph = new Graph();
  const row = graph.input('row', 'FP32', [[1, 2, 5, 16], 30]);
  const centred = graph.node('Sub', [row, graph.weight(30)]);
  const standard = graph.node('Div', [centred, graph.constant(Array(30).fill(2))]);
  const first = graph.node('Gemm', [standard, graph.weight(64, 30), graph.weight(64)], {
    transB: 1,
  });
  const product = graph.node('MatMul', [graph.node('Relu', [first]), graph.weight(64, 32)]);
  const second = graph.node('Tanh', [graph.node('Add', [product, graph.weight(32)])]);
  const logits = graph.node('Gemm', [second, graph.weight(3, 32), graph.weight(3)], { transB: 1 });
  graph.output(graph.node('Softmax', [logits], { axis: 1 }), 'FP32', ['n', 3]);
  return graph.finish();
}

/** The layers of {@link cnn} with values and weights in QDQ form, as a static quantiser writes them: weights per channel. */
function qdq() {
  const graph = new Graph();
  const around = (x, scale = 0.05) => {
    const by = [graph.scalar(scale), graph.scalar(0, 'INT8')];
    return graph.node('DequantizeLinear', [graph.node('QuantizeLinear', [x, ...by]), ...by]);
  };
  const restore = (codes, channels, datatype) => {
    const scales = graph.constant(Array(channels).fill(datatype === 'INT32' ? 0.0005 : 0.01));
    const zeros = graph.constant(Array(channels).fill(0), { datatype });
    return graph.node('DequantizeLinear', [codes, scales, zeros], { axis: 0 });
  };
  const weight = (...shape) => restore(graph.codes('INT8', ...shape), shape[0], 'INT8');
  const bias = (channels) => {
    const values = Array.from({ length: channels }, (_, i) => 7 * i);
    return restore(graph.constant(values, { datatype: 'INT32' }), channels, 'INT32');
  };
  const convolve = (x, [out, into, size], { relu = true, ...attributes } = {}) => {
    const pads = Array(4).fill(size >> 1);
    const kernel = { kernel_shape: [size, size], pads, ...attributes };
    const y = graph.node('Conv', [x, weight(out, into, size, size), bias(out)], kernel);
    return around(relu ? graph.node('Relu', [y]) : y);
  };
  const x = around(graph.input('x', 'FP32', [[1, 2, 4], 3, 32, 32]));
  const stem = convolve(x, [16, 3, 3], { strides: [2, 2] });
  const pooled = around(graph.node('MaxPool', [stem], { kernel_shape: [2, 2], strides: [2, 2] }));
  const inner = convolve(pooled, [16, 16, 3], { relu: false });
  const block = around(graph.node('Relu', [graph.node('Add', [inner, pooled])]));
  const depthwise = convolve(block, [16, 1, 3], { group: 16 });
  const mean = around(graph.node('GlobalAveragePool', [depthwise]));
  const features = around(graph.node('Flatten', [mean], { axis: 1 }));
  const logits = around(graph.node('Gemm', [features, weight(80, 16), bias(80)], { transB: 1 }));
  graph.output(logits, 'FP32', ['n', 80]);
  return graph.finish();
}

/** Products of integers with inputs that are quantised at each run, as a dynamic quantiser writes `MatMul`. */
function dynamicInt8() {
  const graph = new Graph();
  const dense = (x, into, out) => {
    const [codes, scale, zero] = graph.node('DynamicQuantizeLinear', [x], { outputs: 3 });
    const integers = [codes, graph.codes('INT8', into, out), zero, graph.scalar(0, 'INT8')];
    const sums = graph.node('Cast', [graph.node('MatMulInteger', integers)], { to: 1 });
    const scales = graph.node('Mul', [scale, graph.constant(Array(out).fill(0.01))]);
    return graph.node('Add', [graph.node('Mul', [sums, scales]), graph.weight(out)]);
  };
  const x = graph.input('x', 'FP32', [[1, 2], [4, 7, 16], 64]);
  const inner = graph.node('Relu', [dense(x, 64, 128)]);
  const y = graph.node('Add', [x, dense(inner, 128, 64)]);
  graph.output(graph.node('Softmax', [y], { axis: 2 }), 'FP32', ['n', 'length', 64]);
  return graph.finish();
}

/** Two layers, whose first state is zeros for as many items as there are, and a dense layer on the last step. */
function lstm() {
  const graph = new Graph();
  const x = graph.input('x', 'FP32', [[1, 2, 3], [4, 9, 16], 24]);
  let y = graph.node('Transpose', [x], { perm: [1, 0, 2] });
  for (const into of [24, 32]) {
    const items = graph.node('Gather', [graph.node('Shape', [y]), graph.scalar(1, 'INT64')], {
      axis: 0,
    });
    const item = graph.node('Unsqueeze', [items, graph.constant([0], { datatype: 'INT64' })]);
    const one = graph.constant([1], { datatype: 'INT64' });
    const units = graph.constant([32], { datatype: 'INT64' });
    const shape = graph.node('Concat', [one, item, units], { axis: 0 });
    const [first, cell] = [0, 1].map(() => graph.node('Expand', [graph.scalar(0), shape]));
    const weights = [graph.weight(1, 128, into), graph.weight(1, 128, 32), graph.weight(1, 256)];
    const [all] = graph.node('LSTM', [y, ...weights, '', first, cell], {
      outputs: 3,
      hidden_size: 32,
    });
    y = graph.node('Squeeze', [all, graph.constant([1], { datatype: 'INT64' })]);
  }
  const steps = graph.node('Transpose', [y], { perm: [1, 0, 2] });
  const last = graph.node('Gather', [steps, graph.scalar(-1, 'INT64')], { axis: 1 });
  const logits = graph.node('Gemm', [last, graph.weight(5, 32), graph.weight(5)], { transB: 1 });
  graph.output(logits, 'FP32', ['n', 5]);
  return graph.finish();
}

const [TOKENS, LONGEST, WIDTH, HEADS, INNER] = [200, 32, 64, 4, 128];

/**
 * Two layers of attention over tokens, and the mean of those that the mask leaves. Tokens are told by the table that they
 * were looked up in: a session reads it twice, and is made once more where weights lie beside the graph.
 */
function transformer() {
  const graph = new Graph();
  const ids = graph.input('ids', 'INT64', [[1, 2], [8]], [0, TOKENS, true]);
  const mask = graph.input('mask', 'INT64', [1, [8]], [1, 2, true]);
  const shape = graph.node('Shape', [ids]);
  const [items, length] = [0, 1].map((axis) => {
    const size = graph.node('Gather', [shape, graph.scalar(axis, 'INT64')], { axis: 0 });
    return graph.node('Unsqueeze', [size, integers(graph, 0)]);
  });
  const positions = [graph.weight(LONGEST, WIDTH), integers(graph, 0), length, integers(graph, 0)];
  const table = graph.weight(TOKENS, WIDTH);
  const tokens = graph.node('Gather', [table, ids], { axis: 0 });
  let x = normalise(graph, graph.node('Add', [tokens, graph.node('Slice', positions)]));
  const kept = graph.node('Cast', [mask], { to: 1 });
  const missing = graph.node('Unsqueeze', [
    graph.node('Sub', [graph.scalar(1), kept]),
    integers(graph, 1, 2),
  ]);
  const bias = graph.node('Mul', [missing, graph.scalar(-10_000)]);
  const ofHeads = [items, length, integers(graph, HEADS, WIDTH / HEADS)];
  const toHeads = graph.node('Concat', ofHeads, { axis: 0 });
  for (let layer = 0; layer < 2; layer += 1) {
    x = normalise(graph, graph.node('Add', [x, attend(graph, x, { bias, toHeads })]));
    x = normalise(graph, graph.node('Add', [x, feedForward(graph, x)]));
  }
  const weights = graph.node('Unsqueeze', [kept, integers(graph, 2)]);
  const over = (y) => graph.node('ReduceSum', [y, integers(graph, 1)], { keepdims: 0 });
  const sum = over(graph.node('Mul', [x, weights]));
  graph.output(graph.node('Div', [sum, over(weights)]), 'FP32', ['n', WIDTH]);
  const logits = graph.node('MatMul', [x, graph.node('Transpose', [table], { perm: [1, 0] })]);
  graph.output(logits, 'FP32', ['n', 'length', TOKENS]);
  return graph.finish();
}

function integers(graph, ...values) {
  return graph.constant(values, { datatype: 'INT64' });
}

function dense(graph, x, [into, out]) {
  const product = graph.node('MatMul', [x, graph.weight(into, out)]);
  return graph.node('Add', [product, graph.weight(out)]);
}

function normalise(graph, x) {
  const scale = graph.constant(Array(WIDTH).fill(1));
  return graph.node('LayerNormalization', [x, scale, graph.weight(WIDTH)], {
    axis: 2,
    epsilon: 1e-5,
  });
}

function attend(graph, x, { bias, toHeads }) {
  const split = (perm) => {
    const heads = graph.node('Reshape', [dense(graph, x, [WIDTH, WIDTH]), toHeads]);
    return graph.node('Transpose', [heads], { perm });
  };
  const [query, key, value] = [split([0, 2, 1, 3]), split([0, 2, 3, 1]), split([0, 2, 1, 3])];
  const root = graph.scalar(Math.sqrt(WIDTH / HEADS));
  const products = graph.node('Div', [graph.node('MatMul', [query, key]), root]);
  const shares = graph.node('Softmax', [graph.node('Add', [products, bias])], { axis: 3 });
  const heads = graph.node('MatMul', [shares, value]);
  const rows = graph.node('Transpose', [heads], { perm: [0, 2, 1, 3] });
  const joined = graph.node('Reshape', [rows, integers(graph, 0, 0, WIDTH)]);
  return dense(graph, joined, [WIDTH, WIDTH]);
}

/** With GELU between its layers. */
function feedForward(graph, x) {
  const inner = dense(graph, x, [WIDTH, INNER]);
  const erf = graph.node('Erf', [graph.node('Div', [inner, graph.scalar(Math.SQRT2)])]);
  const both = graph.node('Mul', [inner, graph.node('Add', [erf, graph.scalar(1)])]);
  return dense(graph, graph.node('Mul', [both, graph.scalar(0.5)]), [INNER, WIDTH]);
}

/** Each is one form in which files come. */
const MADE = {
  'fp32-cnn': cnn,
  'fp32-mlp': mlp,
  'cast-and-mul': () => quantised(cnn(), 'int8'),
  'dequantize-linear': () => quantised(cnn(), 'int8-lean'),
  qdq,
  'int8-dynamic': dynamicInt8,
  lstm,
  'small-transformer': transformer,
};

const FORMATS = ['int8', 'int8-lean', 'fp16', 'int8-dynamic'];

/** The models here, as devices have them. */
const OURS = {
  digits: 'digits-int8',
  'ocr-detector': 'detect',
  'ocr-recogniser': 'recognize',
  voice: 'silero',
};

/**
 * The twelve graphs that stand for what people bring.
 *
 * @param {string} dir folder to write files to
 * @returns {Promise<Record<string, object>>} by name, as `models.mjs` has models
 */
export async function makeCommonGraphs(dir) {
  await mkdir(dir, { recursive: true });
  const graphs = {};
  for (const [name, make] of Object.entries(MADE)) {
    const { inputs, outputs, bytes } = make();
    const file = `${dir}/${name}.onnx`;
    await writeFile(file, bytes);
    graphs[name] = { files: [file], inputs, outputs };
  }
  for (const [name, model] of Object.entries(OURS)) graphs[name] = OUR_MODELS[model];
  return graphs;
}

/**
 * Models of floats in the forms that `nearside quantize` writes.
 *
 * @param {Record<string, object>} models of floats
 * @param {string} dir folder to write files to
 * @returns {Promise<Record<string, object>>} by name and format
 */
export async function quantiseAll(models, dir) {
  await mkdir(dir, { recursive: true });
  const all = {};
  for (const [name, { golden, files, ...model }] of Object.entries(models)) {
    const [file] = files;
    const bytes = await readFile(file.startsWith('/') ? file : root + file);
    for (const format of FORMATS) {
      const path = `${dir}/${name}-${format}.onnx`;
      await writeFile(path, quantizeOnnx(bytes, { format }).model);
      all[`${name}-${format}`] = { ...model, files: [path] };
    }
  }
  return all;
}

function quantised(graph, format) {
  return { ...graph, bytes: quantizeOnnx(graph.bytes, { format }).model };
}
