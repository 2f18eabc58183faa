import { elementCount, float16ToNumber, sum } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { outputsOf, readConstant } from '../packing/move-weights.js';
import { FLOAT, FLOAT16, ONNX_DATATYPES } from '../packing/onnx-datatypes.js';
import {
  ATTRIBUTE,
  contents,
  GRAPH,
  MODEL,
  NODE,
  ONNX_LIMITS,
  type OnnxTensor,
  OPSET,
  readTensor,
  TENSOR,
  VALUE_FIELDS,
  VALUE_INFO,
} from '../packing/onnx-file.js';
import {
  bytesField,
  intField,
  type MessageRange,
  type ProtobufField,
  partsField,
  readFields,
  rewriteParts,
  textIn,
} from '../packing/protobuf-fields.js';
import { computingNode } from '../packing/write-nodes.js';
import { channelAxis } from './channel-axes.js';
import {
  asFactor,
  type Factor,
  isProduct,
  isSecondFactor,
  productInIntegers,
} from './products-in-integers.js';
import { areWeights, isLargeWeight, type QuantizedTensor } from './quantized-tensor.js';
import { type FoundUses, findUses, readNode, type Scope, type Use, usesOf } from './read-nodes.js';
import {
  asFloat16,
  asInt8,
  asLeanInt8,
  MICROSOFT,
  SINCE,
  type Stored,
  type Storing,
  type Weight,
} from './store-as.js';

/**
 * How weights are stored. `int8` and `fp16` are computed once to the floats they stand for, as a session is made, and
 * run as those; `int8-lean` at each run, and takes least memory. `int8-dynamic` computes products of matrices in integers,
 * to which the other factor is rounded at each run; it stores no other weights.
 */
export const ONNX_FORMATS = ['int8', 'int8-lean', 'fp16', 'int8-dynamic'] as const;
export type OnnxFormat = (typeof ONNX_FORMATS)[number];

export interface QuantizeOnnxOptions {
  readonly format: OnnxFormat;
  /** Names of tensors that stay as they are. */
  readonly keep?: ReadonlySet<string>;
  /** Names of tensors that become half floats, whatever the format. */
  readonly halfFloats?: ReadonlySet<string>;
  /** Reads the values that a tensor has in another file. All are written into this one. */
  readonly readExternal?: (tensor: OnnxTensor) => Uint8Array;
}

export interface QuantizedOnnx {
  readonly model: Uint8Array;
  readonly tensors: readonly QuantizedTensor[];
  /** Names of those of `keep` that the file has. */
  readonly kept: readonly string[];
}

const LIMITS = Object.freeze({
  /** Since this version an initializer need not be an input too: https://onnx.ai/onnx/repo-docs/IR.html */
  irVersion: 4,
  /** The first version of ONNX's operators whose Mul takes tensors of other shapes, and Cast a number. */
  opset: 7,
});

/** Before this version of ONNX a format needs operators of ONNX Runtime's own. */
const OF_ONNX_SINCE: Readonly<Record<string, number>> = {
  'int8-lean': SINCE.axis,
  'int8-dynamic': SINCE.dynamic,
};

/** The whole file, while its graphs are written anew. */
interface Rewriting extends QuantizeOnnxOptions, FoundUses, Storing {
  readonly bytes: Uint8Array;
  readonly irVersion: number;
  /** The uses of a weight that is stored for products in integers → where. Another of its name has uses of its own. */
  readonly factors: Map<readonly Use[], Factor>;
  readonly done: QuantizedTensor[];
  readonly kept: string[];
  /** Place in another file → the tensor that was read from there. */
  readonly places: Map<string, OnnxTensor>;
}

/**
 * Stores weights of an ONNX file in fewer bits: floats of 1,024 elements and two axes or more, those of branches, loops
 * and constants too. In front of what reads them stand operators that make floats of them. The same file and options
 * write the same bytes.
 *
 * @throws NearsideError `model-invalid` when the bytes are no ONNX model, or one of before 2017, or a tensor has values
 *   that are no numbers, or not as many as its shape says
 */
export function quantizeOnnx(bytes: Uint8Array, options: QuantizeOnnxOptions): QuantizedOnnx {
  const model = { contentStart: 0, end: bytes.length };
  const fields = [...readFields(bytes, { start: 0, end: bytes.length })];
  const graph = fields.findLast(({ number, hasContent }) => number === MODEL.graph && hasContent);
  if (!graph) throw modelInvalid('Expected an ONNX model with a graph, got none.', {});
  const opsets = readOpsets(bytes, fields);
  const irVersion = fields.findLast(({ number }) => number === MODEL.irVersion)?.value ?? 0;
  const all: Rewriting = {
    ...options,
    ...findUses(bytes, graph),
    bytes,
    irVersion,
    opset: requireOpset(opsets),
    done: [],
    kept: [],
    places: new Map(),
    factors: new Map(),
  };
  const rewritten = rewriteGraph(graph, all);
  const isMicrosofts = all.done.some(({ format }) => all.opset < (OF_ONNX_SINCE[format] ?? 0));
  const imports = isMicrosofts && !opsets.has(MICROSOFT) ? [importOf(MICROSOFT, 1)] : [];
  const parts = rewriteParts(bytes, model, ({ start, number }) => {
    if (number === MODEL.irVersion) return [];
    return start === graph.start ? [...partsField(MODEL.graph, rewritten), ...imports] : undefined;
  });
  const version = intField(MODEL.irVersion, Math.max(irVersion, LIMITS.irVersion));
  return { model: joinParts([version, ...parts]), tensors: all.done, kept: all.kept };
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = sum(parts.map(({ length }) => length));
  if (sizeBytes <= ONNX_LIMITS.bytes) return Buffer.concat(parts);
  throw modelInvalid(
    `Expected weights of at most ${ONNX_LIMITS.bytes} bytes together once they are smaller, got ${sizeBytes}. Keep fewer ` +
      'tensors as they are.',
    { maxBytes: ONNX_LIMITS.bytes, got: sizeBytes },
  );
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

function requireOpset(opsets: ReadonlyMap<string, number>): number {
  const opset = opsets.get('') ?? opsets.get('ai.onnx');
  if (opset !== undefined && opset >= LIMITS.opset) return opset;
  throw modelInvalid(
    `Expected operators of ONNX in version ${LIMITS.opset} or later, got ${opset ?? 'none'}. Convert the model, in ` +
      'Python with `onnx.version_converter.convert_version`.',
    { expected: LIMITS.opset, got: opset },
  );
}

function importOf(domain: string, version: number): Uint8Array {
  const content = [bytesField(OPSET.domain, domain), intField(OPSET.version, version)];
  return bytesField(MODEL.opsetImport, Buffer.concat(content));
}

/** @returns the graph's content; the nodes in place of initializers come first, because others read what they give */
function rewriteGraph(graph: MessageRange, all: Rewriting): Uint8Array[] {
  const { bytes } = all;
  const scope = all.scopes.get(graph.contentStart) as Scope;
  const outputs = outputsOf(bytes, graph);
  const stored = new Map<number, readonly Uint8Array[]>();
  const noInputs = new Set<string>();
  for (const field of contents(bytes, graph)) {
    if (field.number !== GRAPH.initializer) continue;
    const tensor = readTensor(bytes, field);
    const nodes = outputs.has(tensor.name) ? undefined : storeSmaller(tensor, scope, all);
    if (nodes) stored.set(field.start, nodes);
    if (nodes || all.irVersion < LIMITS.irVersion) noInputs.add(tensor.name);
  }
  const rest = rewriteParts(bytes, graph, (field) => {
    if (!field.hasContent) return undefined;
    switch (field.number) {
      case GRAPH.initializer:
        return stored.has(field.start) ? [] : writeInside(field, all);
      case GRAPH.input: // callers may replace initializers that are inputs too
        return noInputs.has(textIn(bytes, field, VALUE_INFO.name)) ? [] : undefined;
      case GRAPH.node: {
        const constant = readConstant(bytes, field)?.tensor;
        const isKept = !constant || outputs.has(constant.name);
        const stored = isKept ? undefined : storeSmaller(constant, scope, all);
        return stored ?? rewriteProduct(field, scope, all) ?? rewriteAttributes(field, all);
      }
      default:
        return undefined;
    }
  });
  return [...[...stored.values()].flat(), ...rest];
}

/** Writes a product anew whose second factor is stored for that; undefined for any other node. */
function rewriteProduct(
  node: ProtobufField,
  scope: Scope,
  all: Rewriting,
): Uint8Array[] | undefined {
  if (all.factors.size === 0) return undefined;
  const product = readNode(all.bytes, node);
  const factor = all.factors.get(usesOf(product.inputs[1] ?? '', scope) ?? []);
  return factor && isProduct(product) ? productInIntegers(product, factor, all) : undefined;
}

/** Writes a node anew whose attributes are graphs, or tensors in another file; undefined for any other. */
function rewriteAttributes(node: ProtobufField, all: Rewriting): Uint8Array[] | undefined {
  const { bytes } = all;
  let isOther = false;
  const content = rewriteParts(bytes, node, (attribute) => {
    if (attribute.number !== NODE.attribute || !attribute.hasContent) return undefined;
    let isChanged = false;
    const parts = rewriteParts(bytes, attribute, (inner) => {
      const changed = inner.hasContent ? rewriteAttribute(inner, all) : undefined;
      if (changed) isChanged = true;
      return changed;
    });
    if (!isChanged) return undefined;
    isOther = true;
    return partsField(NODE.attribute, parts);
  });
  return isOther ? partsField(GRAPH.node, content) : undefined;
}

function rewriteAttribute(value: ProtobufField, all: Rewriting): Uint8Array[] | undefined {
  switch (value.number) {
    case ATTRIBUTE.graph:
    case ATTRIBUTE.graphs:
      return partsField(value.number, rewriteGraph(value, all));
    case ATTRIBUTE.tensor:
    case ATTRIBUTE.tensors:
      return writeInside(value, all);
    default:
      return undefined;
  }
}

const OF_EXTERNAL: ReadonlySet<number> = new Set([
  ...VALUE_FIELDS,
  TENSOR.externalData,
  TENSOR.dataLocation,
]);

/** Writes a tensor with the values that it has in another file; undefined for any other. */
function writeInside(field: ProtobufField, all: Rewriting): Uint8Array[] | undefined {
  const tensor = readTensor(all.bytes, field);
  if (!tensor.external || !all.readExternal) return undefined;
  const kept = rewriteParts(all.bytes, field, ({ number }) =>
    OF_EXTERNAL.has(number) ? [] : undefined,
  );
  const values = partsField(TENSOR.rawData, [all.readExternal(tensor)]);
  return partsField(field.number, [...kept, ...values]);
}

/** @returns the nodes that take a tensor's place; undefined if it stays as it is */
function storeSmaller(tensor: OnnxTensor, scope: Scope, all: Rewriting): Uint8Array[] | undefined {
  const { name, shape } = tensor;
  const uses = scope.uses.get(name) ?? [];
  if (!isWeight(tensor, uses)) return undefined;
  if (all.format === 'int8-dynamic' && !isSecondFactor(shape, uses)) return undefined;
  if (all.keep?.has(name)) {
    all.kept.push(name);
    return undefined;
  }
  const twin = findTwin(tensor, all);
  if (twin) return computingNode({ operator: 'Identity', inputs: [twin], outputs: [name] });
  const format = all.halfFloats?.has(name) ? 'fp16' : all.format;
  const axis = channelAxis(tensor, scope);
  const isHalf = tensor.dataType === FLOAT16;
  if (format === 'fp16' ? isHalf : !isSmallerAsInt8(tensor, axis)) return undefined;
  const values = readFloats(tensor, all);
  if (!values || !areWeights(name, values)) return undefined;
  const stored = storeAs(format, { name, shape, values, axis, uses }, all);
  if (!stored) return undefined;
  all.done.push({ name, shape, format, roundingError: stored.roundingError });
  if (tensor.external && format !== 'int8-dynamic') all.places.set(placeOf(tensor), tensor);
  return [...stored.nodes];
}

function storeAs(
  format: OnnxFormat,
  { uses, ...weight }: Weight & { readonly uses: readonly Use[] },
  all: Rewriting,
): Stored | undefined {
  switch (format) {
    case 'int8':
      return asInt8(weight, all);
    case 'int8-lean':
      return asLeanInt8(weight, all);
    case 'fp16':
      return asFloat16(weight, all);
    case 'int8-dynamic': {
      const { factor, ...stored } = asFactor(weight, all);
      all.factors.set(uses, factor);
      return stored;
    }
  }
}

/** Scales of integers are no weights, however many they are. */
const FIRST_SCALE: Readonly<Record<string, number>> = {
  DequantizeLinear: 1,
  'com.microsoft.DequantizeLinear': 1,
  'com.microsoft.GatherBlockQuantized': 2,
  'com.microsoft.MatMulNBits': 2,
};

function isWeight({ dataType, shape }: OnnxTensor, uses: readonly Use[]): boolean {
  const isScale = uses.some(({ operator, index }) => {
    return index >= (FIRST_SCALE[operator] ?? Number.POSITIVE_INFINITY);
  });
  const isFloats = dataType === FLOAT || (dataType === FLOAT16 && areCast(uses));
  return isFloats && isLargeWeight(shape) && !isScale;
}

/** Half floats that are cast to floats first, as those of converted files are, may be floats already. */
function areCast(uses: readonly Use[]): boolean {
  return (
    uses.length > 0 &&
    uses.every(({ operator, numbers }) => operator === 'Cast' && numbers.get('to')?.[0] === FLOAT)
  );
}

/** @returns the name of the tensor that was stored of the same values in another file, as tied weights are */
function findTwin(tensor: OnnxTensor, { places }: Rewriting): string | undefined {
  const twin = tensor.external && places.get(placeOf(tensor));
  return twin?.shape.join() === tensor.shape.join() ? twin.name : undefined;
}

function placeOf({ external }: OnnxTensor): string {
  return `${external?.offset} ${external?.location}`;
}

/** A scale for each element or two, as biases of two axes would get, saves nothing. */
function isSmallerAsInt8({ shape, dataType }: OnnxTensor, axis: number): boolean {
  const floatBytes = elementCount(shape) * bytesOf(dataType);
  const scaleBytes = (shape[axis] as number) * Float32Array.BYTES_PER_ELEMENT;
  return elementCount(shape) + scaleBytes < floatBytes;
}

/** Bytes of one number. */
function bytesOf(dataType: number): number {
  return (ONNX_DATATYPES[dataType]?.bits as number) / 8;
}

/** @returns undefined for values that are written one by one, as no exporter does */
function readFloats(
  tensor: OnnxTensor,
  { bytes, readExternal }: Rewriting,
): Float32Array | undefined {
  const { name, shape, dataType, values, external } = tensor;
  const stored = external
    ? readExternal?.(tensor)
    : values && bytes.subarray(values.contentStart, values.end);
  if (!stored) return undefined;
  const expected = elementCount(shape) * bytesOf(dataType);
  if (stored.length !== expected) {
    throw modelInvalid(
      `Tensor '${name}': expected ${expected} bytes, as its shape [${shape.join(', ')}] says, got ` +
        `${stored.length}. Export the model again.`,
      { tensor: name, expected, got: stored.length },
    );
  }
  const { buffer } = new Uint8Array(stored);
  if (dataType === FLOAT) return new Float32Array(buffer);
  return Float32Array.from(new Uint16Array(buffer), float16ToNumber);
}
