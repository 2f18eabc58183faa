import { FLOAT, INT64, OnnxGraph } from './onnx-graph.mjs';
import { readWeights } from './read-weights.mjs';

/** Pieces that the original reads of a text; it leaves out those after them. */
const MOST_PIECES = 128;
const HEADS = 4;
/** Numbers of a piece or a position, and of what the layers give. */
const [NARROW, WIDE] = [256, 512];
/** Far above any product of a query and a key, and within half floats. */
const UNSEEN = 1e4;
const NORM_EPSILON = 1e-6;
/** The original takes the root of 1e-12 or more. */
const LEAST_LENGTH = 1e-6;

/** From [batch, tokens, heads, …] to [batch, heads, tokens, …], and back. */
const SWAP_HEADS = [0, 2, 1, 3];
/** To [batch, heads, …, tokens]. */
const KEYS_IN_COLUMNS = [0, 2, 3, 1];

/**
 * Writes Universal Sentence Encoder Lite as ONNX: `input_ids` and `attention_mask`, INT64 [batch, tokens] with up to 128
 * tokens, to `embedding`, FP32 [batch, 512] of length 1. The original gathers what is no padding and scatters it again. This
 * computes padding too, which no softmax or mean sees.
 *
 * @param {string} folder of `model.json` and its weights
 */
export async function makeOnnx(folder) {
  const graph = new OnnxGraph();
  const weights = await readWeights(folder);
  const ids = graph.input('input_ids', INT64, ['batch', 'tokens']);
  const mask = graph.input('attention_mask', INT64, ['batch', 'tokens']);
  const isToken = graph.node('is_token', 'Cast', [mask], { integers: { to: FLOAT } }); // B,T
  const unseen = unseenKeys(graph, isToken); // B,1,1,T
  let states = embed(graph, weights, ids); // B,T,256
  for (const layer of [0, 1]) states = addLayer(partOf(graph, weights, layer), states, unseen); // B,T,512
  const mean = meanOfTokens(graph, states, isToken); // B,512
  addResult(graph, weights, mean);
  return graph.finish('universal-sentence-encoder-lite');
}

/** What is added to the products with each key: 0, or so little that padding is not seen. */
function unseenKeys(graph, isToken) {
  const below = graph.node('below', 'Sub', [isToken, graph.floats('one', [], [1])]); // 0, or −1 for padding
  const added = graph.node('unseen', 'Mul', [below, graph.floats('unseen_by', [], [UNSEEN])]);
  return graph.node('unseen_keys', 'Unsqueeze', [added, graph.integers('axes_1_2', [1, 2])]);
}

/** The original adds positions to the pieces, and the pieces once more: the table has each piece twice. */
function embed(graph, weights, ids) {
  const table = weights('module/Embeddings_en').map((value) => 2 * value);
  const pieces = graph.floats('pieces', [table.length / NARROW, NARROW], table);
  const ofText = graph.node('pieces_of_text', 'Gather', [pieces, ids]);
  const positions = graph.floats('positions', [MOST_PIECES, NARROW], positionsOf(weights));
  const tokens = graph.node('tokens', 'Shape', [ids], { integers: { start: 1, end: 2 } });
  const zero = graph.integers('zero', [0]);
  const placed = graph.node('positions_of_text', 'Slice', [positions, zero, tokens, zero]);
  return graph.node('states', 'Add', [ofText, placed]);
}

/** Sines, then cosines, of each position by 128 frequencies. */
function positionsOf(weights) {
  const frequencies = [...weights('AddTimingSignal/TimingSignal/ExpandDims_1')];
  return Array.from({ length: MOST_PIECES }, (_, position) => {
    const angles = frequencies.map((frequency) => Math.fround(position * frequency));
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  }).flat();
}

/** The weights of a layer by the end of their names, and the nodes that are named after it. */
function partOf(graph, weights, layer) {
  const name = (of) => `layer${layer}/${of}`;
  return {
    isFirst: layer === 0,
    weights: (of) => weights(`Layer_${layer}/TransformerLayer/${of}`),
    floats: (of, ...rest) => graph.floats(name(of), ...rest),
    integers: (of, ...rest) => graph.integers(name(of), ...rest),
    node: (of, ...rest) => graph.node(name(of), ...rest),
    split: (of, ...rest) => graph.split(of.map(name), ...rest),
  };
}

/** Attention, then two products of each token by itself: each of what was normalised, and added to what was there. */
function addLayer(part, states, unseen) {
  const kept = part.isFirst ? product(part, 'widen', states, kernelOf(part, 'dense')) : states;
  const seen = attend(part, normalise(part, 'attention_norm', states, ''), unseen);
  const attended = part.node('attended', 'Add', [kept, seen]);
  const normal = normalise(part, 'feed_forward_norm', attended, 'FFN/');
  const hidden = product(part, 'hidden', normal, kernelOf(part, 'FFN/conv1'));
  const rectified = part.node('rectified', 'Relu', [hidden]);
  const forward = product(part, 'forward', rectified, kernelOf(part, 'FFN/conv2'));
  return part.node('states', 'Add', [attended, forward]);
}

/** Queries, keys and values come from one product, whose queries are scaled already. */
function attend(part, states, unseen) {
  const kernel = scaleQueries(kernelOf(part, 'MultiheadAttention/qkv_transform_single'));
  const width = kernel.bias.length / 3;
  const all = product(part, 'queries_keys_values', states, kernel);
  const byHead = part.integers('by_head', [0, 0, HEADS, width / HEADS]);
  const names = ['queries', 'keys', 'values'];
  const perms = [SWAP_HEADS, KEYS_IN_COLUMNS, SWAP_HEADS];
  const [queries, keys, values] = part
    .split(names, 'Split', [all], { integers: { axis: 2 } })
    .map((of, i) => {
      const apart = part.node(`${names[i]}_apart`, 'Reshape', [of, byHead]);
      return part.node(`${names[i]}_by_head`, 'Transpose', [apart], {
        integers: { perm: perms[i] },
      });
    });
  const matches = part.node('matches', 'MatMul', [queries, keys]); // B,4,T,T
  const seen = part.node('seen', 'Add', [matches, unseen]);
  const shares = part.node('shares', 'Softmax', [seen], { integers: { axis: 3 } });
  const mixed = part.node('mixed', 'MatMul', [shares, values]);
  const byToken = part.node('by_token', 'Transpose', [mixed], { integers: { perm: SWAP_HEADS } });
  const joined = part.node('joined', 'Reshape', [byToken, part.integers('whole', [0, 0, width])]);
  return product(
    part,
    'attention',
    joined,
    kernelOf(part, 'MultiheadAttention/output_transform_single'),
  );
}

function normalise(part, name, states, of) {
  const vector = (which) => {
    const values = part.weights(`${of}layer_prepostprocess/layer_norm/layer_norm_${which}`);
    return part.floats(`${name}/${which}`, [values.length], values);
  };
  const inputs = [states, vector('scale'), vector('bias')];
  return part.node(name, 'LayerNormalization', inputs, {
    integers: { axis: 2 },
    floats: { epsilon: NORM_EPSILON },
  });
}

/** @returns {{ matrix: Float32Array, bias: Float32Array }} */
function kernelOf({ weights }, name) {
  const isFlat = name.includes('conv');
  return {
    matrix: weights(isFlat ? `${name}/Tensordot/Reshape_1` : `${name}/kernel`),
    bias: weights(`${name}/bias`),
  };
}

/** The original divides queries by the root of a head's width before they meet the keys. */
function scaleQueries({ matrix, bias }) {
  const width = bias.length / 3;
  const scale = 1 / Math.sqrt(width / HEADS);
  const scaled = (value, i) => (i % bias.length < width ? value * scale : value);
  return { matrix: matrix.map(scaled), bias: bias.map(scaled) };
}

function product(part, name, states, { matrix, bias }) {
  const columns = bias.length;
  const by = part.floats(`${name}/matrix`, [matrix.length / columns, columns], matrix);
  const products = part.node(`${name}/product`, 'MatMul', [states, by]);
  return part.node(name, 'Add', [products, part.floats(`${name}/bias`, [columns], bias)]);
}

/** A product with each token's share: padding has none. */
function meanOfTokens(graph, states, isToken) {
  const one = graph.integers('axis_1', [1]);
  const tokens = graph.node('number_of_tokens', 'ReduceSum', [isToken, one], {
    integers: { keepdims: 1 },
  });
  const divisor = graph.node('divisor', 'Clip', [tokens, 'one']); // of an empty text, too
  const shares = graph.node('shares', 'Div', [isToken, divisor]);
  const row = graph.node('share_row', 'Unsqueeze', [shares, one]); // B,1,T
  return graph.node('mean', 'Squeeze', [graph.node('mean_row', 'MatMul', [row, states]), one]);
}

function addResult(graph, weights, mean) {
  const name = 'hidden_layers/tanh_layer_0';
  const kernel = { matrix: weights(`${name}/weights`), bias: weights(`${name}/bias`) };
  const result = graph.node('tanh', 'Tanh', [product(graph, 'result', mean, kernel)]);
  const length = graph.node('length', 'ReduceL2', [result], { integers: { axes: [1] } });
  const least = graph.floats('least_length', [], [LEAST_LENGTH]);
  graph.node('embedding', 'Div', [result, graph.node('divide_by', 'Clip', [length, least])]);
  graph.output('embedding', FLOAT, ['batch', WIDE]);
}
