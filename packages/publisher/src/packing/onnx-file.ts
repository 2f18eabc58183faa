import { join } from 'node:path/posix';
import { modelInvalid } from '../errors/model-invalid.js';
import {
  type ProtobufField,
  type MessageRange as Range,
  readFields,
  readPacked,
  readText,
} from './protobuf-fields.js';

/** The parts of an ONNX file that packing needs. Offsets are bytes of the file. */
export interface OnnxFile {
  /** The graph's inputs that no initializer fills. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Initializers, and constants of nodes, in the order they lie in the file; then those of functions. */
  readonly tensors: readonly OnnxTensor[];
  /** Names of the tensors that integers are multiplied by to become floats. */
  readonly scales: ReadonlySet<string>;
  /** Names of the values that a softmax gives, also where they are only stored otherwise afterwards. */
  readonly probabilities: ReadonlySet<string>;
}

export interface OnnxValue {
  readonly name: string;
  /** TensorProto.DataType; 0 when the value is no tensor. */
  readonly dataType: number;
  /** −1 for an axis with a name or nothing instead of a number; undefined without any shape. */
  readonly shape: readonly number[] | undefined;
  readonly freeAxes: readonly string[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly number[];
  /** The whole TensorProto: name and dimensions, then the values. */
  readonly start: number;
  readonly end: number;
  /** Its values as they lie in memory; undefined if each is written by itself, or in another file. */
  readonly values: Pick<ProtobufField, 'contentStart' | 'end'> | undefined;
  /** The place of the values if they lie in another file, whose name is relative to this one's folder. */
  readonly external: ExternalPlace | undefined;
  /** It belongs to a function, or a graph in the graph, such as a branch. */
  readonly isNested: boolean;
}

interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
  /** The reason why ONNX Runtime does not take it; undefined where it does. */
  readonly wrong?: string;
}

export const ONNX_LIMITS = Object.freeze({
  /** Nested graphs, such as the branches of ifs and loops. Nobody writes more than a few. */
  depth: 64,
  /** Axes of a tensor: numpy's limit. */
  axes: 64,
  /** Protobuf messages end here, and what Node reads of a file. */
  bytes: 2 ** 31 - 1,
} as const);

/**
 * Field numbers of the messages on the way to a tensor:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export const MODEL = {
  irVersion: 1,
  producer: 2,
  graph: 7,
  opsetImport: 8,
  functions: 25,
} as const;
const FUNCTION = { node: 7 } as const;
export const OPSET = { domain: 1, version: 2 } as const;
export const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
export const NODE = { input: 1, output: 2, operator: 4, attribute: 5, domain: 7 } as const;
export const ATTRIBUTE = {
  name: 1,
  float: 2,
  integer: 3,
  text: 4,
  tensor: 5,
  graph: 6,
  integers: 8,
  tensors: 10,
  graphs: 11,
  type: 20,
} as const;
export const TENSOR = {
  dims: 1,
  dataType: 2,
  integers: 5,
  name: 8,
  rawData: 9,
  externalData: 13,
  dataLocation: 14,
} as const;
/** TensorProto.DataLocation: without it, the name of another file says nothing. */
export const EXTERNAL = 1;
/** Lists of floats and doubles. Packed, they are their bytes. */
const AS_BYTES: ReadonlySet<number> = new Set([4, 10]);
/** All fields that values may lie in: floats, int32, strings, int64, raw, doubles, uint64. */
export const VALUE_FIELDS: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 10, 11]);
/** Operators that leave the numbers as they are. */
const STORES: ReadonlySet<string> = new Set([
  'Cast',
  'DequantizeLinear',
  'Flatten',
  'Identity',
  'QuantizeLinear',
  'Reshape',
  'Squeeze',
]);
export const ENTRY = { key: 1, value: 2 } as const;
export const VALUE_INFO = { name: 1, type: 2 } as const;
export const TYPE = { tensor: 1 } as const;
export const TENSOR_TYPE = { elementType: 1, shape: 2 } as const;
export const SHAPE = { dimension: 1 } as const;
export const DIMENSION = { value: 1, parameter: 2 } as const;

/**
 * Walks over the wire format, because a decoder does not tell where in the file a tensor lies. Copies no weights.
 *
 * @throws NearsideError `model-invalid` when the bytes are no ONNX model, or one past {@link ONNX_LIMITS}
 */
export function parseOnnxFile(bytes: Uint8Array): OnnxFile {
  const fields = [...contents(bytes, { contentStart: 0, end: bytes.length })];
  const graph = fields.findLast(({ number }) => number === MODEL.graph);
  if (!graph) throw modelInvalid('Expected an ONNX model with a graph, got none.', {});
  const tensors: OnnxTensor[] = [];
  const found = { tensors, scales: new Set<string>(), probabilities: new Set<string>() };
  const values = readGraph(bytes, graph, { ...found, depth: 1 });
  for (const one of fields.filter(({ number }) => number === MODEL.functions)) {
    const inside = { tensors, scales: new Set<string>(), probabilities: new Set<string>() };
    for (const field of contents(bytes, one)) {
      if (field.number === FUNCTION.node) readNode(bytes, field, { ...inside, depth: 2 });
    }
  }
  return { ...values, ...found };
}

/** @returns the name of the file that holds a tensor's values, relative to the folder of its model's file */
export function externalFile(modelFolder: string, { location }: { location: string }): string {
  return join(modelFolder, location);
}

/** Collects tensors and names of scales and probabilities, and counts the graphs around the present one, itself included. */
interface Nesting {
  readonly tensors: OnnxTensor[];
  readonly scales: Set<string>;
  readonly probabilities: Set<string>;
  readonly depth: number;
}

function readGraph(
  bytes: Uint8Array,
  range: Range,
  nesting: Nesting,
): Pick<OnnxFile, 'inputs' | 'outputs'> {
  if (nesting.depth > ONNX_LIMITS.depth) {
    throw modelInvalid(
      `Expected graphs at most ${ONNX_LIMITS.depth} deep in each other, got more.`,
      {},
    );
  }
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const initialized = new Set<string>();
  for (const field of contents(bytes, range)) {
    if (field.number === GRAPH.node) readNode(bytes, field, nesting);
    if (field.number === GRAPH.input) inputs.push(readValue(bytes, field));
    if (field.number === GRAPH.output) outputs.push(readValue(bytes, field));
    if (field.number !== GRAPH.initializer) continue;
    const tensor = readTensor(bytes, field, nesting);
    nesting.tensors.push(tensor);
    initialized.add(tensor.name);
  }
  return { inputs: inputs.filter(({ name }) => !initialized.has(name)), outputs };
}

/** A constant has no name of its own. It gets the name of its node's first output. */
function readNode(bytes: Uint8Array, node: Range, nesting: Nesting): void {
  const { tensors, scales, probabilities, depth } = nesting;
  const first = tensors.length;
  let [output, operator] = ['', ''];
  const inputs: ProtobufField[] = [];
  for (const field of contents(bytes, node)) {
    if (field.number === NODE.input) inputs.push(field);
    if (field.number === NODE.operator) operator = readText(bytes, field);
    if (field.number === NODE.output) output ||= readText(bytes, field);
    if (field.number !== NODE.attribute) continue;
    for (const value of contents(bytes, field)) {
      if (value.number === ATTRIBUTE.tensor || value.number === ATTRIBUTE.tensors) {
        tensors.push(readTensor(bytes, value, nesting));
      }
      if (value.number === ATTRIBUTE.graph || value.number === ATTRIBUTE.graphs) {
        readGraph(bytes, value, { ...nesting, depth: depth + 1 });
      }
    }
  }
  const [value, scale] = inputs;
  if (scale && operator === 'DequantizeLinear') scales.add(readText(bytes, scale));
  const isStored = value && STORES.has(operator) && probabilities.has(readText(bytes, value));
  if (operator === 'Softmax' || isStored) probabilities.add(output);
  for (let i = first; i < tensors.length; i++) {
    const tensor = tensors[i] as OnnxTensor;
    if (tensor.name === '') tensors[i] = { ...tensor, name: output };
  }
}

export function readTensor(
  bytes: Uint8Array,
  range: ProtobufField,
  { depth }: Pick<Nesting, 'depth'> = { depth: 1 },
): OnnxTensor {
  const shape: number[] = [];
  const external: Entry[] = [];
  let [dataType, name, dataLocation] = [0, '', 0];
  let values: OnnxTensor['values'];
  let valueFields = 0;
  for (const field of readFields(bytes, { start: range.contentStart, end: range.end })) {
    if (field.number === TENSOR.dims) {
      for (const axis of field.hasContent ? readPacked(bytes, field) : [field.value]) {
        if (shape.length === ONNX_LIMITS.axes) throw tooManyAxes();
        shape.push(axis);
      }
    }
    if (field.number === TENSOR.dataType) dataType = field.value;
    if (field.number === TENSOR.dataLocation) dataLocation = field.value;
    if (field.number === TENSOR.name) name = readText(bytes, field);
    if (VALUE_FIELDS.has(field.number)) valueFields += 1;
    if (field.number === TENSOR.rawData || (field.hasContent && AS_BYTES.has(field.number))) {
      values = field;
    }
    if (field.number === TENSOR.externalData) external.push(readEntry(bytes, field));
  }
  const { start, end } = range;
  const inMemory = valueFields === 1 ? values : undefined;
  const elsewhere = dataLocation === EXTERNAL ? parseExternal(external) : undefined;
  const isNested = depth > 1;
  return { name, dataType, shape, start, end, values: inMemory, external: elsewhere, isNested };
}

type Entry = readonly [key: string, value: string];

/** https://onnx.ai/onnx/repo-docs/ExternalData.html */
function parseExternal(entries: readonly Entry[]): ExternalPlace {
  const texts = new Map(entries);
  const location = texts.get('location') ?? '';
  const locations = entries.filter(([key]) => key === 'location').length;
  const odd = ['offset', 'length'].find((key) => !/^-?\d+$/.test(texts.get(key) ?? '0'));
  const wrong =
    (location === '' && 'no location') ||
    (locations > 1 && `${locations} locations`) ||
    (odd && `the ${odd} '${texts.get(odd)}'`);
  return {
    location,
    offset: Number(texts.get('offset') ?? 0),
    length: texts.has('length') ? Number(texts.get('length')) : undefined,
    ...(wrong ? { wrong } : {}),
  };
}

function readEntry(bytes: Uint8Array, range: Range): Entry {
  let [key, value] = ['', ''];
  for (const field of contents(bytes, range)) {
    if (field.number === ENTRY.key) key = readText(bytes, field);
    if (field.number === ENTRY.value) value = readText(bytes, field);
  }
  return [key, value];
}

function readValue(bytes: Uint8Array, range: Range): OnnxValue {
  let name = '';
  let tensor: Range | undefined;
  for (const field of contents(bytes, range)) {
    if (field.number === VALUE_INFO.name) name = readText(bytes, field);
    if (field.number !== VALUE_INFO.type) continue;
    tensor = [...contents(bytes, field)].find(({ number }) => number === TYPE.tensor);
  }
  const type = tensor && readTensorType(bytes, tensor);
  return { name, ...(type ?? { dataType: 0, shape: undefined, freeAxes: [] }) };
}

function readTensorType(bytes: Uint8Array, { contentStart, end }: Range) {
  let dataType = 0;
  let shape: number[] | undefined;
  let freeAxes: string[] = [];
  for (const field of readFields(bytes, { start: contentStart, end })) {
    if (field.number === TENSOR_TYPE.elementType) dataType = field.value;
    if (field.number !== TENSOR_TYPE.shape) continue;
    const dimensions = [...contents(bytes, field)].filter(
      ({ number }) => number === SHAPE.dimension,
    );
    shape = dimensions.map((dimension) => readDimension(bytes, dimension));
    freeAxes = dimensions.flatMap((dimension) => readAxisName(bytes, dimension));
    if (shape.length > ONNX_LIMITS.axes) throw tooManyAxes();
  }
  return { dataType, shape, freeAxes };
}

function readAxisName(bytes: Uint8Array, dimension: Range): string[] {
  return [...contents(bytes, dimension)]
    .filter(({ number }) => number === DIMENSION.parameter)
    .map((parameter) => readText(bytes, parameter));
}

function readDimension(bytes: Uint8Array, { contentStart, end }: Range): number {
  const fields = [...readFields(bytes, { start: contentStart, end })];
  const fixed = fields.find(({ number, hasContent }) => number === DIMENSION.value && !hasContent);
  return fixed && fixed.value >= 0 ? fixed.value : -1;
}

function tooManyAxes() {
  return modelInvalid(`Expected tensors of at most ${ONNX_LIMITS.axes} axes, got more.`, {});
}

/** The strings and messages in a message. */
export function* contents(
  bytes: Uint8Array,
  { contentStart, end }: Range,
): Generator<ProtobufField> {
  for (const field of readFields(bytes, { start: contentStart, end })) {
    if (field.hasContent) yield field;
  }
}
