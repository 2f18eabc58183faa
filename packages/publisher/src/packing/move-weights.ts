import { elementCount } from '@nearside/core';
import { ONNX_DATATYPES } from './onnx-datatypes.js';
import {
  ATTRIBUTE,
  contents,
  ENTRY,
  EXTERNAL,
  GRAPH,
  MODEL,
  NODE,
  type OnnxTensor,
  parseOnnxFile,
  readTensor,
  TENSOR,
  VALUE_FIELDS,
  VALUE_INFO,
} from './onnx-file.js';
import {
  bytesField,
  intField,
  type MessageRange as Range,
  readFields,
  rewrite,
  textIn,
} from './protobuf-fields.js';

const LIMITS = Object.freeze({
  /** Smaller tensors stay, bytes: a device would save less than they cost. */
  stayBelow: 1024,
  /** Since this version an initializer need not be an input too: https://onnx.ai/onnx/repo-docs/IR.html */
  irVersion: 4,
});

/** TensorProto.DataType. */
const INT64 = 7;

const WRITTEN_ANEW: ReadonlySet<number> = new Set([
  TENSOR.name,
  TENSOR.externalData,
  TENSOR.dataLocation,
]);

const LEFT_OUT: readonly Uint8Array[] = [];

/** An ONNX file whose weights lie beside it. */
export interface MovedWeights {
  readonly model: Uint8Array;
  /** The file beside it has these, one after another: the values of each tensor. */
  readonly weights: readonly Uint8Array[];
}

/** A tensor with the content of its message. */
type Taken = OnnxTensor & { readonly message: Range; readonly values: Range };

/**
 * Moves tensors of 1 KiB and more of an ONNX file's graph into another file, as external data; constants become
 * initializers. They adjoin, those of wider elements first, so that each is aligned to its elements. The same file gives
 * the same bytes.
 *
 * Tensors of branches and loops stay. ONNX Runtime on wasm finds no others than those of the whole graph in another file
 * (1.30), and moved up there they would be optimised otherwise, with other bits.
 *
 * @param location name of the file of weights, in the folder of the model
 * @returns undefined if there is nothing to move, or some weights lie elsewhere already
 * @throws NearsideError `model-invalid` when the bytes are no ONNX model
 */
export function moveWeights(bytes: Uint8Array, location: string): MovedWeights | undefined {
  if (parseOnnxFile(bytes).tensors.some(({ external }) => external)) return undefined;
  const model = { contentStart: 0, end: bytes.length };
  const fields = [...readFields(bytes, { start: 0, end: bytes.length })];
  const version = fields.findLast(({ number }) => number === MODEL.irVersion)?.value ?? 0;
  const graph = fields.findLast(({ number, hasContent }) => number === MODEL.graph && hasContent);
  if (!graph) return undefined;
  const { rest, taken } = takeTensors(bytes, graph, {
    takesConstants: version >= LIMITS.irVersion,
  });
  if (taken.length === 0) return undefined;
  taken.sort((a, b) => bitsOf(b) - bitsOf(a));
  let offset = 0;
  const initializers = taken.map((tensor) => {
    const initializer = externalTensor(bytes, tensor, { location, offset });
    offset += sizeOf(tensor);
    return bytesField(GRAPH.initializer, initializer);
  });
  const rewritten = rewrite(bytes, model, ({ start }) =>
    start === graph.start
      ? [bytesField(MODEL.graph, Buffer.concat([rest, ...initializers]))]
      : undefined,
  );
  const weights = taken.map(({ values }) => bytes.subarray(values.contentStart, values.end));
  return { model: rewritten, weights };
}

/** @returns the graph's content without its large tensors; those that are its outputs stay */
function takeTensors(
  bytes: Uint8Array,
  graph: Range,
  { takesConstants }: { readonly takesConstants: boolean },
): { rest: Uint8Array; taken: Taken[] } {
  const taken: Taken[] = [];
  const outputs = outputsOf(bytes, graph);
  const rest = rewrite(bytes, graph, (field) => {
    if (!field.hasContent) return undefined;
    const found =
      (field.number === GRAPH.initializer && {
        tensor: readTensor(bytes, field),
        message: field,
      }) ||
      (field.number === GRAPH.node && takesConstants && readConstant(bytes, field)) ||
      undefined;
    if (!found) return undefined;
    const { tensor, message } = found;
    if (!tensor.values || outputs.has(tensor.name) || !isLarge(tensor)) return undefined;
    taken.push({ ...tensor, values: tensor.values, message });
    return LEFT_OUT;
  });
  return { rest, taken };
}

export function outputsOf(bytes: Uint8Array, graph: Range): ReadonlySet<string> {
  const outputs = [...contents(bytes, graph)].filter(({ number }) => number === GRAPH.output);
  return new Set(outputs.map((output) => textIn(bytes, output, VALUE_INFO.name)));
}

/** The tensor of a node that is nothing but one. It gets the name of what the node gives. */
export function readConstant(
  bytes: Uint8Array,
  node: Range,
): { tensor: OnnxTensor; message: Range } | undefined {
  const isOnnx = ['', 'ai.onnx'].includes(textIn(bytes, node, NODE.domain));
  if (!isOnnx || textIn(bytes, node, NODE.operator) !== 'Constant') return undefined;
  const name = textIn(bytes, node, NODE.output);
  for (const attribute of contents(bytes, node)) {
    if (attribute.number !== NODE.attribute) continue;
    if (textIn(bytes, attribute, ATTRIBUTE.name) !== 'value') continue;
    const values = [...contents(bytes, attribute)];
    const message = values.find(({ number }) => number === ATTRIBUTE.tensor);
    return message && { tensor: { ...readTensor(bytes, message), name }, message };
  }
  return undefined;
}

/**
 * Lists of INT64 stay: ONNX infers shapes from them, such as where Split cuts, and reads no other file for that. Values
 * that are not as many as the shape says stay, for the runtime to refuse.
 */
function isLarge(tensor: OnnxTensor): boolean {
  if (tensor.dataType === INT64 && tensor.shape.length === 1) return false;
  const sizeBytes = sizeOf(tensor);
  const expected = Math.ceil((elementCount(tensor.shape) * bitsOf(tensor)) / 8);
  return sizeBytes >= LIMITS.stayBelow && sizeBytes === expected;
}

function sizeOf({ values }: OnnxTensor): number {
  return values ? values.end - values.contentStart : 0;
}

function bitsOf({ dataType }: OnnxTensor): number {
  return ONNX_DATATYPES[dataType]?.bits ?? Number.NaN;
}

/** @returns the content of a TensorProto whose values lie in another file */
function externalTensor(
  bytes: Uint8Array,
  tensor: Taken,
  { location, offset }: { readonly location: string; readonly offset: number },
): Uint8Array {
  const kept = rewrite(bytes, tensor.message, ({ number }) =>
    VALUE_FIELDS.has(number) || WRITTEN_ANEW.has(number) ? LEFT_OUT : undefined,
  );
  const entry = (key: string, value: string | number) => {
    const texts = [bytesField(ENTRY.key, key), bytesField(ENTRY.value, `${value}`)];
    return bytesField(TENSOR.externalData, Buffer.concat(texts));
  };
  return Buffer.concat([
    kept,
    bytesField(TENSOR.name, tensor.name),
    entry('location', location),
    entry('offset', offset),
    entry('length', sizeOf(tensor)),
    intField(TENSOR.dataLocation, EXTERNAL),
  ]);
}
