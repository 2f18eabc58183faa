import { elementCount } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { readConstant } from '../packing/move-weights.js';
import { ONNX_DATATYPES } from '../packing/onnx-datatypes.js';
import {
  ATTRIBUTE,
  contents,
  GRAPH,
  MODEL,
  NODE,
  type OnnxTensor,
  OPSET,
  readTensor,
  VALUE_INFO,
} from '../packing/onnx-file.js';
import {
  bytesField,
  intField,
  type MessageRange,
  type ProtobufField,
  readFields,
  rewrite,
  textIn,
} from '../packing/protobuf-fields.js';
import { channelAxis, findUses, type Uses } from './channel-axes.js';
import { toFloat16, toInt8 } from './narrow-values.js';
import { computingNode, constantNode } from './onnx-nodes.js';
import { isLargeWeight, type QuantizedTensor, requireFinite } from './quantized-tensor.js';

/**
 * How weights are stored. Each but `int8-lean` is computed once to the floats it stands for, as a session is made, and
 * runs as fast as those; `int8-lean` at each run, and takes least memory.
 */
export const ONNX_FORMATS = ['int8', 'int8-lean', 'fp16'] as const;
export type OnnxFormat = (typeof ONNX_FORMATS)[number];

export interface QuantizeOnnxOptions {
  readonly format: OnnxFormat;
  /** Names of tensors that stay as they are. */
  readonly keep?: ReadonlySet<string>;
  /** Names of tensors that become half floats, whatever the format. */
  readonly asFloat16?: ReadonlySet<string>;
  /** Reads the values that a tensor has in another file. */
  readonly readExternal?: (tensor: OnnxTensor) => Uint8Array;
}

export interface QuantizedOnnx {
  readonly model: Uint8Array;
  readonly tensors: readonly QuantizedTensor[];
  /** Names of those of `keep` that the file has. */
  readonly kept: readonly string[];
}

/** TensorProto.DataType. */
const [FLOAT, INT8, FLOAT16] = [1, 3, 10];

/** The version of ONNX's operators whose DequantizeLinear has an axis. Before it ONNX Runtime has one of its own. */
const DEQUANTIZES_BY_AXIS = 13;
const MICROSOFT = 'com.microsoft';

/** What is known of the whole file while its graphs are written anew. */
interface Rewriting extends QuantizeOnnxOptions {
  readonly bytes: Uint8Array;
  readonly uses: Uses;
  readonly names: Set<string>;
  /** Of ONNX's own operators. */
  readonly opset: number;
  readonly done: QuantizedTensor[];
  readonly kept: string[];
}

/**
 * Stores weights of an ONNX file in fewer bits: floats of 1,024 elements and two axes or more, those of branches, loops
 * and constants too. In front of what reads them stand operators that make floats of them. The same file and options
 * write the same bytes.
 *
 * @throws NearsideError `model-invalid` when the bytes are no ONNX model, or a tensor has values that are not finite, or
 *   not as many as its shape says
 */
export function quantizeOnnx(bytes: Uint8Array, options: QuantizeOnnxOptions): QuantizedOnnx {
  const model = { contentStart: 0, end: bytes.length };
  const fields = [...readFields(bytes, { start: 0, end: bytes.length })];
  const graph = fields.findLast(({ number, hasContent }) => number === MODEL.graph && hasContent);
  if (!graph) throw modelInvalid('Expected an ONNX model with a graph, got none.', {});
  const uses = findUses(bytes, graph);
  const names = new Set(
    [...uses].flatMap(([name, nodes]) => [name, ...nodes.map((n) => n.output)]),
  );
  const opsets = readOpsets(bytes, fields);
  const opset = opsets.get('') ?? opsets.get('ai.onnx') ?? 1;
  const [done, kept]: [QuantizedTensor[], string[]] = [[], []];
  const rewritten = rewriteGraph(graph, { ...options, bytes, uses, names, opset, done, kept });
  const isMicrosofts =
    opset < DEQUANTIZES_BY_AXIS && done.some((one) => one.format === 'int8-lean');
  const imports = isMicrosofts && !opsets.has(MICROSOFT) ? [importOf(MICROSOFT, 1)] : [];
  const file = rewrite(bytes, model, ({ start }) =>
    start === graph.start ? [bytesField(MODEL.graph, rewritten), ...imports] : undefined,
  );
  return { model: file, tensors: done, kept };
}

function readOpsets(bytes: Uint8Array, fields: readonly ProtobufField[]): Map<string, number> {
  const imports = fields.filter(
    ({ number, hasContent }) => number === MODEL.opsetImport && hasContent,
  );
  return new Map(
    imports.map((one) => {
      const inner = [...readFields(bytes, { start: one.contentStart, end: one.end })];
      const version = inner.findLast(({ number }) => number === OPSET.version)?.value ?? 1;
      return [textIn(bytes, one, OPSET.domain), version];
    }),
  );
}

function importOf(domain: string, version: number): Uint8Array {
  const content = [bytesField(OPSET.domain, domain), intField(OPSET.version, version)];
  return bytesField(MODEL.opsetImport, Buffer.concat(content));
}

/** @returns the graph's content; the nodes in place of initializers come first, because others read what they give */
function rewriteGraph(graph: MessageRange, all: Rewriting): Uint8Array {
  const { bytes } = all;
  const outputs = namesOf(bytes, graph, GRAPH.output);
  const first: Uint8Array[] = [];
  const replaced = new Set<string>();
  const rest = rewrite(bytes, graph, (field) => {
    if (!field.hasContent) return undefined;
    if (field.number === GRAPH.initializer) {
      const tensor = readTensor(bytes, field);
      const nodes = outputs.has(tensor.name) ? undefined : storeSmaller(tensor, all);
      if (!nodes) return undefined;
      first.push(...nodes);
      replaced.add(tensor.name);
      return [];
    }
    if (field.number !== GRAPH.node) return undefined;
    const constant = readConstant(bytes, field)?.tensor;
    if (constant) return outputs.has(constant.name) ? undefined : storeSmaller(constant, all);
    return rewriteBranches(field, all);
  });
  if (first.length === 0) return rest;
  // Files of before 2019 name initializers among the inputs, where callers may replace them.
  const whole = { contentStart: 0, end: rest.length };
  const kept = rewrite(rest, whole, (field) => {
    const isReplaced =
      field.number === GRAPH.input && replaced.has(textIn(rest, field, VALUE_INFO.name));
    return isReplaced ? [] : undefined;
  });
  return Buffer.concat([...first, kept]);
}

function namesOf(bytes: Uint8Array, graph: MessageRange, number: number): ReadonlySet<string> {
  const values = [...contents(bytes, graph)].filter((field) => field.number === number);
  return new Set(values.map((value) => textIn(bytes, value, VALUE_INFO.name)));
}

/** Writes a node anew whose attributes are graphs; undefined for any other. */
function rewriteBranches(node: ProtobufField, all: Rewriting): Uint8Array[] | undefined {
  const { bytes } = all;
  const before = all.done.length;
  const content = rewrite(bytes, node, (attribute) => {
    if (attribute.number !== NODE.attribute || !attribute.hasContent) return undefined;
    const rewritten = rewrite(bytes, attribute, (inner) => {
      const isGraph = inner.number === ATTRIBUTE.graph || inner.number === ATTRIBUTE.graphs;
      return isGraph && inner.hasContent
        ? [bytesField(inner.number, rewriteGraph(inner, all))]
        : undefined;
    });
    return [bytesField(NODE.attribute, rewritten)];
  });
  return all.done.length > before ? [bytesField(GRAPH.node, content)] : undefined;
}

/** @returns the nodes that take a tensor's place; undefined if it stays as it is */
function storeSmaller(tensor: OnnxTensor, all: Rewriting): Uint8Array[] | undefined {
  const { name, shape } = tensor;
  if (!isWeight(tensor)) return undefined;
  if (all.keep?.has(name)) {
    all.kept.push(name);
    return undefined;
  }
  const values = readFloats(tensor, all);
  if (!values) return undefined;
  const format = all.asFloat16?.has(name) ? 'fp16' : all.format;
  const stored = format === 'fp16' ? asFloat16(tensor, values, all) : asInt8(tensor, values, all);
  if (!stored) return undefined;
  all.done.push({ name, shape, format, loss: stored.loss });
  return stored.nodes;
}

function isWeight({ dataType, shape }: OnnxTensor): boolean {
  return dataType === FLOAT && isLargeWeight(shape);
}

interface Stored {
  readonly nodes: Uint8Array[];
  readonly loss: number;
}

function asFloat16({ name, shape }: OnnxTensor, floats: Float32Array, all: Rewriting) {
  const narrowed = toFloat16(floats);
  if (!narrowed) return undefined; // a value is too large
  const { values, loss } = narrowed;
  const half = freeName(`${name}.fp16`, all);
  const nodes = [
    constantNode(half, { dataType: FLOAT16, shape, values }),
    computingNode({ operator: 'Cast', inputs: [half], output: name, integers: { to: FLOAT } }),
  ];
  return { nodes, loss } satisfies Stored;
}

function asInt8({ name, shape }: OnnxTensor, floats: Float32Array, all: Rewriting): Stored {
  const axis = channelAxis({ name, shape }, all.uses);
  const { values, scales, loss } = toInt8(floats, { shape, axis });
  const [integers, scale] = [freeName(`${name}.int8`, all), freeName(`${name}.scale`, all)];
  const isLean = all.format === 'int8-lean';
  const scaleShape = isLean ? [scales.length] : shape.map((length, i) => (i === axis ? length : 1));
  const constants = [
    constantNode(integers, { dataType: INT8, shape, values }),
    constantNode(scale, { dataType: FLOAT, shape: scaleShape, values: scales }),
  ];
  if (isLean) {
    const domain = all.opset < DEQUANTIZES_BY_AXIS ? MICROSOFT : undefined;
    const [operator, inputs] = ['DequantizeLinear', [integers, scale]] as const;
    const nodes = [computingNode({ operator, domain, inputs, output: name, integers: { axis } })];
    return { nodes: [...constants, ...nodes], loss };
  }
  const whole = freeName(`${name}.whole`, all);
  const nodes = [
    computingNode({ operator: 'Cast', inputs: [integers], output: whole, integers: { to: FLOAT } }),
    computingNode({ operator: 'Mul', inputs: [whole, scale], output: name }),
  ];
  return { nodes: [...constants, ...nodes], loss };
}

/** A name that no value of the file has. */
function freeName(wanted: string, { names }: Rewriting): string {
  let name = wanted;
  while (names.has(name)) name = `${name}_`;
  names.add(name);
  return name;
}

/** @returns undefined for values that are written one by one, as no exporter does */
function readFloats(
  tensor: OnnxTensor,
  { bytes, readExternal }: Rewriting,
): Float32Array | undefined {
  const { name, shape, values, external } = tensor;
  const stored = external
    ? readExternal?.(tensor)
    : values && bytes.subarray(values.contentStart, values.end);
  if (!stored) return undefined;
  const expected = (elementCount(shape) * (ONNX_DATATYPES[FLOAT]?.bits as number)) / 8;
  if (stored.length !== expected) {
    throw modelInvalid(
      `Tensor '${name}': expected ${expected} bytes, as its shape [${shape.join(', ')}] says, got ` +
        `${stored.length}. Export the model again.`,
      { tensor: name, expected, got: stored.length },
    );
  }
  const floats = new Float32Array(new Uint8Array(stored).buffer);
  requireFinite(name, floats);
  return floats;
}
