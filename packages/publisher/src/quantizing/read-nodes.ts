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
  /** The value's place among the node's inputs. */
  readonly index: number;
  /** The graph that the node stands in. */
  readonly scope: Scope;
}

export interface OnnxNode {
  /** Behind its domain where that is not ONNX's own. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that are numbers or lists of integers. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

/** A graph. Branches and loops read its values too, unless they have others of these names. */
export interface Scope {
  /** Name of one of its values → the nodes that read it, those of branches and loops too. */
  readonly uses: Map<string, Use[]>;
  readonly outer: Scope | undefined;
}

export interface FoundUses {
  /** By where a graph's content starts, bytes. */
  readonly scopes: Map<number, Scope>;
  /** The names of all values. */
  readonly names: Set<string>;
}

/** @returns what reads the value that a name stands for in a graph; undefined where no graph has it */
export function usesOf(name: string, scope: Scope | undefined): Use[] | undefined {
  return scope && (scope.uses.get(name) ?? usesOf(name, scope.outer));
}

/**
 * @returns what reads each value
 * @throws NearsideError `model-invalid` when the bytes are no graph
 */
export function findUses(bytes: Uint8Array, graph: Range): FoundUses {
  const found: FoundUses = { scopes: new Map(), names: new Set() };
  collectUses(bytes, graph, { ...found, outer: undefined, depth: 1 });
  return found;
}

interface Collecting extends FoundUses {
  readonly outer: Scope | undefined;
  readonly depth: number;
}

function collectUses(bytes: Uint8Array, graph: Range, collecting: Collecting): void {
  const { scopes, names, outer, depth } = collecting;
  if (depth > ONNX_LIMITS.depth) throw modelInvalid('Expected fewer graphs in each other.', {});
  const nodes = nodesOf(bytes, graph);
  const scope: Scope = { uses: new Map(), outer };
  scopes.set(graph.contentStart, scope);
  for (const name of valuesOf(bytes, graph, nodes)) {
    names.add(name);
    scope.uses.set(name, []);
  }
  for (const { branches, ...node } of nodes) {
    for (const branch of branches) {
      collectUses(bytes, branch, { scopes, names, outer: scope, depth: depth + 1 });
    }
    for (const [index, name] of node.inputs.entries()) {
      names.add(name);
      usesOf(name, scope)?.push({ ...node, index, scope });
    }
  }
}

function nodesOf(bytes: Uint8Array, graph: Range) {
  const nodes = [...contents(bytes, graph)].filter(({ number }) => number === GRAPH.node);
  return nodes.map((node) => readNode(bytes, node));
}

function valuesOf(bytes: Uint8Array, graph: Range, nodes: readonly OnnxNode[]): string[] {
  const values = nodes.flatMap(({ outputs }) => outputs);
  for (const field of contents(bytes, graph)) {
    if (field.number === GRAPH.initializer) values.push(textIn(bytes, field, TENSOR.name));
    if (field.number === GRAPH.input) values.push(textIn(bytes, field, VALUE_INFO.name));
  }
  return values;
}

/** @returns what a node reads, gives and is told, and the graphs in it */
export function readNode(bytes: Uint8Array, node: Range): OnnxNode & { branches: Range[] } {
  const [inputs, outputs, branches]: [string[], string[], Range[]] = [[], [], []];
  const numbers = new Map<string, readonly number[]>();
  let [operator, domain] = ['', ''];
  for (const field of contents(bytes, node)) {
    if (field.number === NODE.input) inputs.push(readText(bytes, field));
    if (field.number === NODE.output) outputs.push(readText(bytes, field));
    if (field.number === NODE.operator) operator = readText(bytes, field);
    if (field.number === NODE.domain) domain = readText(bytes, field);
    if (field.number !== NODE.attribute) continue;
    numbers.set(...readNumbers(bytes, field));
    for (const inner of contents(bytes, field)) {
      const isGraph = inner.number === ATTRIBUTE.graph || inner.number === ATTRIBUTE.graphs;
      if (isGraph) branches.push(inner);
    }
  }
  const isOnnxs = domain === '' || domain === 'ai.onnx';
  const named = isOnnxs ? operator : `${domain}.${operator}`;
  return { operator: named, inputs, outputs, numbers, branches };
}

/** AttributeProto.AttributeType: a float, and an integer. */
const ONE_NUMBER: ReadonlySet<number> = new Set([1, 2]);

function readNumbers(bytes: Uint8Array, attribute: Range): [name: string, number[]] {
  let [name, type] = ['', 0];
  const numbers: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const field of readFields(bytes, { start: attribute.contentStart, end: attribute.end })) {
    const { number, hasContent, contentStart, end, value } = field;
    if (number === ATTRIBUTE.name) name = readText(bytes, field);
    if (number === ATTRIBUTE.type) type = value;
    if (number === ATTRIBUTE.float && end - contentStart === Float32Array.BYTES_PER_ELEMENT) {
      numbers.push(view.getFloat32(contentStart, true));
    }
    if (number === ATTRIBUTE.integer || (number === ATTRIBUTE.integers && !hasContent))
      numbers.push(value);
    if (number === ATTRIBUTE.integers && hasContent) numbers.push(...readPacked(bytes, field));
  }
  const isZero = numbers.length === 0 && ONE_NUMBER.has(type); // proto3 writes no zeros
  return [name, isZero ? [0] : numbers];
}
