import { modelInvalid } from '../errors/model-invalid.js';
import {
  ATTRIBUTE,
  contents,
  GRAPH,
  NODE,
  ONNX_LIMITS,
  TENSOR,
  VALUE_INFO,
} from '../packing/onnx-file.js';
import {
  type MessageRange as Range,
  readFields,
  readPacked,
  readText,
  textIn,
} from '../packing/protobuf-fields.js';

/** AttributeProto: a float, an integer, and a list of them. */
const [NUMBER, INTEGER, INTEGERS] = [2, 3, 8];

/** A node that reads a value. */
export interface Use extends OnnxNode {
  /** Of the value among the node's inputs. */
  readonly index: number;
}

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that are numbers or lists of integers. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

/** Name of a value → the nodes that read it, those of branches and loops too. */
export type Uses = ReadonlyMap<string, readonly Use[]>;

/**
 * @returns what reads each value, and the names of all values
 * @throws NearsideError `model-invalid` when the bytes are no graph
 */
export function findUses(bytes: Uint8Array, graph: Range): { uses: Uses; names: Set<string> } {
  const found = { uses: new Map<string, Use[]>(), names: new Set<string>() };
  collectUses(bytes, graph, { ...found, depth: 1 });
  return found;
}

interface Collecting {
  readonly uses: Map<string, Use[]>;
  readonly names: Set<string>;
  readonly depth: number;
}

function collectUses(bytes: Uint8Array, graph: Range, { uses, names, depth }: Collecting): void {
  if (depth > ONNX_LIMITS.depth) throw modelInvalid('Expected fewer graphs in each other.', {});
  for (const field of contents(bytes, graph)) {
    if (field.number === GRAPH.initializer) names.add(textIn(bytes, field, TENSOR.name));
    if (field.number === GRAPH.input || field.number === GRAPH.output) {
      names.add(textIn(bytes, field, VALUE_INFO.name));
    }
    if (field.number !== GRAPH.node) continue;
    const { branches, ...node } = readNode(bytes, field);
    for (const branch of branches) collectUses(bytes, branch, { uses, names, depth: depth + 1 });
    for (const name of [...node.inputs, ...node.outputs]) names.add(name);
    for (const [index, name] of node.inputs.entries()) {
      const before = uses.get(name) ?? [];
      uses.set(name, before);
      before.push({ ...node, index });
    }
  }
}

/** @returns what a node reads, gives and is told, and the graphs in it */
export function readNode(bytes: Uint8Array, node: Range): OnnxNode & { branches: Range[] } {
  const [inputs, outputs, branches]: [string[], string[], Range[]] = [[], [], []];
  const numbers = new Map<string, readonly number[]>();
  let operator = '';
  for (const field of contents(bytes, node)) {
    if (field.number === NODE.input) inputs.push(readText(bytes, field));
    if (field.number === NODE.output) outputs.push(readText(bytes, field));
    if (field.number === NODE.operator) operator = readText(bytes, field);
    if (field.number !== NODE.attribute) continue;
    numbers.set(...readNumbers(bytes, field));
    for (const inner of contents(bytes, field)) {
      const isGraph = inner.number === ATTRIBUTE.graph || inner.number === ATTRIBUTE.graphs;
      if (isGraph) branches.push(inner);
    }
  }
  return { operator, inputs, outputs, numbers, branches };
}

function readNumbers(bytes: Uint8Array, attribute: Range): [name: string, number[]] {
  let name = '';
  const numbers: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const field of readFields(bytes, { start: attribute.contentStart, end: attribute.end })) {
    const { number, hasContent, contentStart, end, value } = field;
    if (number === ATTRIBUTE.name) name = readText(bytes, field);
    if (number === NUMBER && end - contentStart === Float32Array.BYTES_PER_ELEMENT) {
      numbers.push(view.getFloat32(contentStart, true));
    }
    if (number === INTEGER || (number === INTEGERS && !hasContent)) numbers.push(value);
    if (number === INTEGERS && hasContent) numbers.push(...readPacked(bytes, field));
  }
  return [name, numbers];
}

/**
 * The axis of a weight along which what is computed with it lies: https://onnx.ai/onnx/operators. Each index of it gets a
 * scale of its own. Any axis gives right results; this one loses least.
 *
 * @returns the last axis where nothing else is known
 */
export function channelAxis(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  uses: Uses,
): number {
  const last = shape.length - 1;
  const axis = firstAxis(name, { rank: shape.length, uses, depth: 0 });
  return axis !== undefined && axis >= 0 && axis <= last ? axis : last;
}

/** Values go through so many nodes at most on their way to what computes with them. */
const MOST_STEPS = 8;

interface Walk {
  readonly rank: number;
  readonly uses: Uses;
  readonly depth: number;
}

function firstAxis(name: string, walk: Walk): number | undefined {
  if (walk.depth > MOST_STEPS) return undefined;
  for (const use of walk.uses.get(name) ?? []) {
    const axis = axisOf(use, walk);
    if (axis !== undefined) return axis;
  }
  return undefined;
}

function axisOf({ operator, index, outputs, numbers }: Use, walk: Walk): number | undefined {
  const isOn = (attribute: string) => numbers.get(attribute)?.[0] === 1;
  const further = () => firstAxis(outputs[0] ?? '', { ...walk, depth: walk.depth + 1 });
  switch (operator) {
    case 'Conv':
    case 'FusedConv':
      return index === 1 ? 0 : undefined;
    case 'ConvTranspose': // [inputs, outputs of a group, …]
      return index === 1 ? Number((numbers.get('group')?.[0] ?? 1) === 1) : undefined;
    case 'Gemm':
      return index === 1
        ? Number(!isOn('transB'))
        : index === 0
          ? Number(isOn('transA'))
          : undefined;
    case 'MatMul':
      return index === 1 ? walk.rank - 1 : walk.rank - 2;
    case 'FusedMatMul':
      return walk.rank - (isOn(index === 1 ? 'transB' : 'transA') === (index === 1) ? 2 : 1);
    case 'Gather': {
      const axis = numbers.get('axis')?.[0] ?? 0;
      return index === 0 ? (axis < 0 ? axis + walk.rank : axis) : undefined;
    }
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return index === 1 || index === 2 ? 1 : undefined; // [directions, gates × hidden, …]
    case 'Transpose': {
      const axis = further();
      const order = numbers.get('perm');
      if (axis === undefined) return undefined;
      return order?.length ? order[axis] : walk.rank - 1 - axis;
    }
    case 'Identity':
    case 'Cast':
      return further();
    default:
      return undefined;
  }
}
