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
    if (number === ATTRIBUTE.float && end - contentStart === Float32Array.BYTES_PER_ELEMENT) {
      numbers.push(view.getFloat32(contentStart, true));
    }
    if (number === ATTRIBUTE.integer || (number === ATTRIBUTE.integers && !hasContent))
      numbers.push(value);
    if (number === ATTRIBUTE.integers && hasContent) numbers.push(...readPacked(bytes, field));
  }
  return [name, numbers];
}
