import type { InferenceSession } from 'onnxruntime-web';
import { type OperatorRun, type OperatorTime, summarizeOperators } from './operator-times.js';
import { collectRuntimeOutput } from './runtime-output.js';

/** Of ONNX Runtime's profile: the events of nodes have the category `Node`, times in µs. */
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
