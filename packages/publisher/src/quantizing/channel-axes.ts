import { modelInvalid } from '../errors/model-invalid.js';
import { ATTRIBUTE, contents, GRAPH, NODE, ONNX_LIMITS } from '../packing/onnx-file.js';
import {
  type MessageRange as Range,
  readFields,
  readPacked,
  readText,
} from '../packing/protobuf-fields.js';

/** AttributeProto: an integer, and a list of them. */
const [INTEGER, INTEGERS] = [3, 8];

/** A node that reads a value. */
interface Use {
  readonly operator: string;
  /** Of the value among the node's inputs. */
  readonly index: number;
  readonly output: string;
  readonly integers: ReadonlyMap<string, readonly number[]>;
}

/** Name of a value → the nodes that read it, those of branches and loops too. */
export type Uses = ReadonlyMap<string, readonly Use[]>;

/** @throws NearsideError `model-invalid` when the bytes are no graph */
export function findUses(bytes: Uint8Array, graph: Range): Uses {
  const uses = new Map<string, Use[]>();
  collectUses(bytes, graph, { uses, depth: 1 });
  return uses;
}

function collectUses(
  bytes: Uint8Array,
  graph: Range,
  { uses, depth }: { uses: Map<string, Use[]>; depth: number },
): void {
  if (depth > ONNX_LIMITS.depth) throw modelInvalid('Expected fewer graphs in each other.', {});
  for (const node of contents(bytes, graph)) {
    if (node.number !== GRAPH.node) continue;
    const inputs: string[] = [];
    const integers = new Map<string, readonly number[]>();
    let [operator, output] = ['', ''];
    for (const field of contents(bytes, node)) {
      if (field.number === NODE.input) inputs.push(readText(bytes, field));
      if (field.number === NODE.output) output ||= readText(bytes, field);
      if (field.number === NODE.operator) operator = readText(bytes, field);
      if (field.number !== NODE.attribute) continue;
      integers.set(...readIntegers(bytes, field));
      for (const inner of contents(bytes, field)) {
        if (inner.number !== ATTRIBUTE.graph && inner.number !== ATTRIBUTE.graphs) continue;
        collectUses(bytes, inner, { uses, depth: depth + 1 });
      }
    }
    for (const [index, name] of inputs.entries()) {
      const before = uses.get(name) ?? [];
      uses.set(name, before);
      before.push({ operator, index, output, integers });
    }
  }
}

function readIntegers(bytes: Uint8Array, attribute: Range): [name: string, number[]] {
  let name = '';
  const integers: number[] = [];
  for (const field of readFields(bytes, { start: attribute.contentStart, end: attribute.end })) {
    if (field.number === ATTRIBUTE.name) name = readText(bytes, field);
    if (field.number === INTEGER || (field.number === INTEGERS && !field.hasContent))
      integers.push(field.value);
    if (field.number === INTEGERS && field.hasContent) integers.push(...readPacked(bytes, field));
  }
  return [name, integers];
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

function axisOf({ operator, index, output, integers }: Use, walk: Walk): number | undefined {
  const isOn = (attribute: string) => integers.get(attribute)?.[0] === 1;
  const further = () => firstAxis(output, { ...walk, depth: walk.depth + 1 });
  switch (operator) {
    case 'Conv':
    case 'FusedConv':
      return index === 1 ? 0 : undefined;
    case 'ConvTranspose':
      return index === 1 ? 1 : undefined;
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
      const axis = integers.get('axis')?.[0] ?? 0;
      return index === 0 ? (axis < 0 ? axis + walk.rank : axis) : undefined;
    }
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return index === 1 || index === 2 ? 1 : undefined; // [directions, gates × hidden, …]
    case 'Transpose': {
      const axis = further();
      const order = integers.get('perm');
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
