import { readFile } from 'node:fs/promises';
import { parseOnnxFile } from '../../packages/publisher/dist/packing/onnx-file.js';
import { readFields, readText } from '../../packages/publisher/dist/packing/protobuf-fields.js';
import { datatypeOf, onnxName, readTensor } from './read-tensor.mjs';

/** Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const MODEL = { graph: 7 };
const GRAPH = { node: 1 };
const NODE = { operator: 4, domain: 7 };

/** ONNX's own generator writes one set of values for each test. */
const VALUES = 'test_data_set_0';

/**
 * What the values of these tests are drawn from is each runtime's own, so that no other one can give the same:
 * ONNX has but one run's.
 */
const DRAWN = /^test_(?:bernoulli|training_dropout_(?!zero_ratio)|training_dropout$)/;

/** Where ONNX's own values, of 1.17, are not what its specification asks for. */
const WRONG_VALUES = [
  [/^test_qlinearmatmul_[23]D_int8_/, 'they wrap around where QLinearMatMul saturates'],
  // https://github.com/onnx/onnx/pull/6650
  [
    /^test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True$/,
    'ONNX 1.18 has others',
  ],
];

/**
 * Reads one node test of ONNX.
 *
 * @param {string} folder with `model.onnx` and its values
 * @param {string} name `test_add`
 * @returns {Promise<NodeTest>}
 *
 * @typedef {{ datatype: string, shape: number[], data: Uint8Array | string[] }} Values
 * @typedef {{ name: string } & Values} NamedValues
 * @typedef {{ kind: string, what: string }} Exclusion `kind` is one of `drawn`, `wrong-values`, `no-tensor`, `datatype`, `empty-axis`, `no-input`
 * @typedef {{
 *   name: string,
 *   operators: string[],
 *   model: Uint8Array,
 *   excluded?: Exclusion,
 *   inputs: NamedValues[],
 *   outputs: NamedValues[],
 * }} NodeTest an excluded one has no values
 */
export async function readNodeTest(folder, name) {
  const model = await readFile(`${folder}/model.onnx`);
  const { inputs, outputs } = parseOnnxFile(model);
  const described = { name, operators: operatorsOf(model), model };
  const excluded = exclusionOf(name, { inputs, outputs });
  if (excluded) return { ...described, excluded, inputs: [], outputs: [] };
  const read = (values, prefix) =>
    Promise.all(
      values.map(async ({ name: value }, i) => ({
        name: value,
        ...readTensor(await readFile(`${folder}/${VALUES}/${prefix}_${i}.pb`)),
      })),
    );
  const given = await read(inputs, 'input');
  const wanted = await read(outputs, 'output');
  const empty = given.find(({ shape }) => shape.includes(0));
  if (empty) {
    const emptyAxis = { kind: 'empty-axis', what: empty.name };
    return { ...described, excluded: emptyAxis, inputs: [], outputs: [] };
  }
  return { ...described, inputs: given, outputs: wanted };
}

/** Why the page cannot ask it; undefined where it can. */
function exclusionOf(name, { inputs, outputs }) {
  if (DRAWN.test(name)) return { kind: 'drawn', what: '' };
  const [, wrong] = WRONG_VALUES.find(([pattern]) => pattern.test(name)) ?? [];
  if (wrong) return { kind: 'wrong-values', what: wrong };
  const values = [...inputs, ...outputs];
  const other = values.find(({ dataType }) => dataType === 0);
  if (other) return { kind: 'no-tensor', what: other.name };
  const unknown = values.find(({ dataType }) => !datatypeOf(dataType));
  if (unknown) return { kind: 'datatype', what: onnxName(unknown.dataType) };
  if (inputs.length === 0) return { kind: 'no-input', what: '' };
  return undefined;
}

/** `Add`, or `ai.onnx.ml.TreeEnsemble` for one of another domain, in the order of the nodes. */
function operatorsOf(model) {
  return contents(model, { contentStart: 0, end: model.length }, MODEL.graph)
    .flatMap((graph) => contents(model, graph, GRAPH.node))
    .map((node) => {
      const [operator = ''] = textsIn(model, node, NODE.operator);
      const [domain = ''] = textsIn(model, node, NODE.domain);
      return domain === '' || domain === 'ai.onnx' ? operator : `${domain}.${operator}`;
    });
}

function textsIn(bytes, range, wanted) {
  return contents(bytes, range, wanted).map((field) => readText(bytes, field));
}

function contents(bytes, { contentStart, end }, wanted) {
  return [...readFields(bytes, { start: contentStart, end })].filter(
    ({ number, hasContent }) => number === wanted && hasContent,
  );
}
