import { contents, GRAPH, MODEL, NODE } from './onnx-file.js';
import {
  bytesField,
  type MessageRange as Range,
  readFields,
  readText,
  rewrite,
  textIn,
} from './protobuf-fields.js';

/** A node of a graph. Many exporters name theirs; others are known by what they give. */
export interface GraphNode {
  readonly operator: string;
  readonly name: string;
}

const NODE_NAME = 3;

const LEFT_OUT: readonly Uint8Array[] = [];

/**
 * Finds the node with which a graph begins to need more than a runtime has: the first so many nodes run, and with it they
 * do not. A runtime fuses nodes, so it may be the last of several that are one for it.
 *
 * @param model the bytes of an ONNX file, which does not run as a whole
 * @param runs tells whether a model of the first nodes alone runs
 * @returns undefined where the nodes before it do not run either, or no order tells
 */
export async function findNeedyNode(
  model: Uint8Array,
  runs: (part: Uint8Array) => Promise<boolean>,
): Promise<GraphNode | undefined> {
  const graph = graphOf(model);
  const nodes = graph ? nodesOf(model, graph) : [];
  if (!graph || nodes.length === 0) return undefined;
  let [running, failing] = [0, nodes.length];
  while (failing - running > 1) {
    const middle = (running + failing) >> 1;
    if (await runs(firstNodes(model, { graph, nodes, count: middle }))) running = middle;
    else failing = middle;
  }
  const { operator, name } = nodes[running] as FoundNode;
  return { operator, name };
}

interface FoundNode extends GraphNode {
  readonly start: number;
  readonly outputs: readonly string[];
  readonly inputs: readonly string[];
}

function graphOf(model: Uint8Array) {
  const fields = [...readFields(model, { start: 0, end: model.length })];
  return fields.findLast(({ number, hasContent }) => number === MODEL.graph && hasContent);
}

function nodesOf(bytes: Uint8Array, graph: Range): FoundNode[] {
  return [...contents(bytes, graph)]
    .filter(({ number }) => number === GRAPH.node)
    .map((node) => {
      const fields = [...contents(bytes, node)];
      const texts = (wanted: number) =>
        fields.filter(({ number }) => number === wanted).map((field) => readText(bytes, field));
      const [inputs, outputs] = [texts(NODE.input), texts(NODE.output)];
      const [operator = ''] = texts(NODE.operator);
      const name = textIn(bytes, node, NODE_NAME) || outputs.find(Boolean) || '';
      return { operator, name, inputs, outputs, start: node.start };
    });
}

/** A model of the first nodes of a graph. What none of them reads it gives: nothing that was computed is cut away. */
function firstNodes(
  bytes: Uint8Array,
  { graph, nodes, count }: { graph: Range & { start: number }; nodes: FoundNode[]; count: number },
): Uint8Array {
  const kept = nodes.slice(0, count);
  const starts = new Set(kept.map(({ start }) => start));
  const read = new Set(kept.flatMap(({ inputs }) => inputs));
  const given = kept.flatMap(({ outputs }) => outputs).filter((name) => name && !read.has(name));
  const content = rewrite(bytes, graph, ({ number, start }) => {
    if (number === GRAPH.output) return LEFT_OUT;
    return number === GRAPH.node && !starts.has(start) ? LEFT_OUT : undefined;
  });
  const outputs = given.map((name) => bytesField(GRAPH.output, bytesField(1, name)));
  const cut = bytesField(MODEL.graph, Buffer.concat([content, ...outputs]));
  const whole = { contentStart: 0, end: bytes.length };
  return rewrite(bytes, whole, ({ start }) => (start === graph.start ? [cut] : undefined));
}
