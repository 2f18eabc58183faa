import type { Handover, Shift } from './handover.js';
import {
  fromWireError,
  type Reply,
  type RunItem,
  type RunReply,
  transferablesOf,
  type WireInput,
} from './protocol.js';
import type { BatchEnd, Outcome, PostedBatch } from './scheduler/run-queue.js';

/** A call that waits for the worker, or is there. */
export interface QueuedRun {
  /** As it was at the call; a promise for elements and canvases. */
  readonly input: WireInput | Promise<WireInput>;
  readonly topK: number | undefined;
  /** Which version has taken it; none while it waits. */
  shift?: Shift | undefined;
}

let nextId = 0;

/** Gives calls to the version that serves now, as one batch. */
export function postBatch(
  handover: Handover,
  runs: readonly QueuedRun[],
): PostedBatch<QueuedRun, RunReply> {
  nextId += 1;
  const id = nextId;
  let taken: Shift | undefined;
  const end = handover.run(async (shift): Promise<BatchEnd<QueuedRun, RunReply>> => {
    taken = shift;
    for (const run of runs) run.shift = shift;
    const inputs = await Promise.allSettled(runs.map(({ input }) => input));
    const items = inputs.flatMap((input, i) =>
      input.status === 'fulfilled' ? [{ input: input.value, topK: runs[i]?.topK }] : [],
    );
    const given = items.flatMap(({ input }) => transferablesOf(input));
    const answer =
      items.length > 0
        ? await shift.serving.connection.run({ id, items }, given)
        : ({ kind: 'done', replies: [] } as const);
    if (answer.kind === 'recalled')
      return { kind: 'recalled', works: givenBack(runs, inputs, answer.items) };
    return { kind: 'done', outcomes: mergeOutcomes(inputs, answer.replies) };
  });
  return {
    end,
    recall() {
      // Whether it still could be is said by how the batch ends.
      taken?.serving.connection.recall(id).catch(() => {});
    },
  };
}

/** Each call with its input as it came back; one that was broken on this side stays so. */
function givenBack(
  runs: readonly QueuedRun[],
  inputs: readonly PromiseSettledResult<WireInput>[],
  items: readonly RunItem[],
): QueuedRun[] {
  let next = 0;
  return runs.map(({ input, topK }, i) => {
    if (inputs[i]?.status === 'rejected') return { input, topK };
    const item = items[next] as RunItem;
    next += 1;
    return { input: item.input, topK };
  });
}

/** A picture that turned out broken on this side fails as one that does on the other. */
function mergeOutcomes(
  inputs: readonly PromiseSettledResult<WireInput>[],
  replies: readonly Reply<RunReply>[],
): Outcome<RunReply>[] {
  let next = 0;
  return inputs.map((input) => {
    if (input.status === 'rejected') return { ok: false, error: input.reason };
    const reply = replies[next] as Reply<RunReply>;
    next += 1;
    return reply.ok ? reply : { ok: false, error: fromWireError(reply.error) };
  });
}
