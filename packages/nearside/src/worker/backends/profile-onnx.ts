import type { InferenceSession } from 'onnxruntime-web';
import type { OperatorTime } from '../../shared/api/backends.js';

/** An event of ONNX Runtime's profile. Those of nodes have the category `Node`; times are in µs. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly op_name?: string };
}

/** A node's own time; around it are events for its set-up. */
const KERNEL = '_kernel_time';

/**
 * Ends the profile of a session that was created with `enableProfiling` and reads it.
 *
 * @returns undefined where the runtime printed none
 */
export function endOnnxProfile(session: InferenceSession): OperatorTime[] | undefined {
  const printed = collectRuntimeOutput(() => session.endProfiling()).join('\n');
  const start = printed.indexOf('[');
  if (start < 0) return undefined;
  const events: ProfileEvent[] = JSON.parse(printed.slice(start));
  return summarizeOperators(splitRuns(events).slice(1)); // the first has to warm up
}

/** A run's nodes are followed by the event that spans them all. */
function splitRuns(events: readonly ProfileEvent[]): OperatorRun[][] {
  const runs: OperatorRun[][] = [];
  let nodes: OperatorRun[] = [];
  for (const { cat, name, dur, args } of events) {
    if (cat === 'Node' && name.endsWith(KERNEL)) {
      const node = name.slice(0, -KERNEL.length);
      nodes.push({ name: node, operator: args.op_name ?? node, ms: dur / 1000 });
    }
    if (name === 'model_run') {
      runs.push(nodes);
      nodes = [];
    }
  }
  return runs;
}

/** One node in one run. */
export interface OperatorRun {
  readonly name: string;
  readonly operator: string;
  readonly ms: number;
}

/**
 * The median of each node over several runs, the longest first.
 *
 * @param runs each with its nodes in the order they ran, which is the same every time
 */
export function summarizeOperators(runs: readonly (readonly OperatorRun[])[]): OperatorTime[] {
  const [first = []] = runs;
  const nodes = first.map(({ name, operator }, i) => {
    const times = runs.flatMap((run) => run[i]?.ms ?? []).sort((a, b) => a - b);
    return { name, operator, medianMs: times[(times.length - 1) >> 1] ?? 0 };
  });
  const wholeMs = nodes.reduce((sum, { medianMs }) => sum + medianMs, 0);
  return nodes
    .map((node) => ({ ...node, share: wholeMs > 0 ? node.medianMs / wholeMs : 0 }))
    .sort((a, b) => b.medianMs - a.medianMs);
}

/** Lines that the runtime has printed; undefined while nobody collects them. */
let collected: string[] | undefined;
let isTapped = false;

/**
 * Lets what a runtime prints be collected. ONNX Runtime's wasm has no file to write a profile to: it
 * prints it, by the `console.log` it finds when it starts. So this comes before its start.
 */
export function tapRuntimeOutput(): void {
  if (isTapped || isNode()) return; // there it writes to the process's output itself
  isTapped = true;
  const print = console.log;
  console.log = (...line) => {
    if (collected) collected.push(line.join(' '));
    else print.apply(console, line);
  };
}

/** Without it {@link collectRuntimeOutput} gets nothing. */
export function canCollectRuntimeOutput(): boolean {
  return isTapped;
}

/** Collects the lines that are printed while `work` is done. */
export function collectRuntimeOutput(work: () => void): string[] {
  const lines: string[] = [];
  collected = lines;
  try {
    work();
  } finally {
    collected = undefined;
  }
  return lines;
}

function isNode(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node !== undefined;
}
