import {
  type Baseline,
  binIndex,
  callerInputs,
  checkTensors,
  isNearsideError,
  type ModelSpec,
  type Tensors,
} from '@nearside/core';
import { joinBatch, postprocess, preprocess, splitBatch } from '@nearside/pipeline';
import {
  closePictures,
  type Observation,
  type Reply,
  type RunItem,
  type RunReply,
  toWireError,
  type WireInput,
} from '../protocol.js';
import type { Session } from './session.js';
import { doStage, type Task } from './task.js';

/**
 * Several inputs through preprocess → run → postprocess, or one. The only place where the stages
 * meet. Tensors in give the model's tensors out, with no stage around the run.
 *
 * @param task whose stages stand in for the spec's, where it has them
 * @returns in the order of the items; an input that is bad fails alone
 * @throws NearsideError backend codes, when the run itself failed
 */
export async function runBatch(
  session: Session,
  items: readonly RunItem[],
  { task }: { task?: Task | undefined },
): Promise<Reply<RunReply>[]> {
  const prepared = await prepareAll(items, { spec: session.spec, task });
  const good = prepared.filter((item) => item.ok);
  const ran = await runAll(
    session,
    good.map(({ tensors }) => tensors),
  );
  let next = 0;
  const replies: Reply<RunReply>[] = [];
  for (const [i, item] of prepared.entries()) {
    if (!item.ok) {
      replies.push({ ok: false, error: item.error });
      continue;
    }
    const run = ran[next] as Ran;
    next += 1;
    replies.push(await finish(session, items[i] as RunItem, { run, preMs: item.preMs, task }));
  }
  return replies;
}

type Prepared =
  | { readonly ok: true; readonly tensors: Tensors; readonly preMs: number }
  | Extract<Reply<never>, { ok: false }>;

interface Stages {
  readonly spec: ModelSpec;
  readonly task: Task | undefined;
}

async function prepareAll(items: readonly RunItem[], stages: Stages): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  for (const { input } of items) {
    const startMs = performance.now();
    try {
      const tensors = await toTensors(input, stages);
      prepared.push({ ok: true, tensors, preMs: performance.now() - startMs });
    } catch (error) {
      prepared.push({ ok: false, error: toWireError(error, 'backend-failed') });
    }
  }
  return prepared;
}

/** An input as the session takes it. Bitmaps and frames were given to the worker, which closes them. */
export async function toTensors(input: WireInput, { spec, task }: Stages): Promise<Tensors> {
  if (input.kind === 'tensors') return input.tensors;
  const raw = input.kind === 'image' ? input.image : input.value;
  try {
    if (!task?.preprocess) return await preprocess(raw, spec);
    const tensors = await doStage(spec, 'preprocess', () => task.preprocess?.(raw, spec));
    return checked(tensors, spec);
  } finally {
    closePictures(input);
  }
}

/** What a task hands to the runtime has to fit as what a caller does. */
function checked(tensors: Tensors | undefined, spec: ModelSpec): Promise<Tensors> {
  return doStage(spec, 'preprocess', () => {
    try {
      checkTensors(tensors, callerInputs(spec));
    } catch (error) {
      throw new TypeError((error as Error).message); // the task's failure, not the caller's
    }
    return tensors as Tensors;
  });
}

interface Ran {
  readonly outputs: Tensors;
  /** Of the whole batch. */
  readonly runMs: number;
  readonly batch: number;
}

/** Together as far as memory allows: a batch that does not fit is halved, and the limit remembered. */
async function runAll(session: Session, inputs: readonly Tensors[]): Promise<Ran[]> {
  const { batchLimit } = session;
  const ran: Ran[] = [];
  while (ran.length < inputs.length) {
    const group = inputs.slice(ran.length, ran.length + batchLimit.max);
    try {
      ran.push(...(await runGroup(session, group)));
    } catch (error) {
      const isTooLarge = isNearsideError(error) && error.code === 'out-of-memory';
      if (!isTooLarge || group.length === 1) throw error;
      batchLimit.max = Math.floor(group.length / 2);
    }
  }
  return ran;
}

async function runGroup(session: Session, inputs: readonly Tensors[]): Promise<Ran[]> {
  const startMs = performance.now();
  const [only] = inputs;
  const batch = inputs.length;
  // One input needs no joining, and keeps its buffers.
  const outputs = await session.run(only && batch === 1 ? only : joinBatch(inputs));
  const runMs = performance.now() - startMs;
  const parts = batch === 1 ? [outputs] : splitBatch(outputs, batch);
  return parts.map((outputs) => ({ outputs, runMs, batch }));
}

async function finish(
  { spec, baseline }: Session,
  { input, topK }: RunItem,
  {
    run,
    preMs,
    task,
  }: {
    run: Ran;
    preMs: number;
    task: Task | undefined;
  },
): Promise<Reply<RunReply>> {
  const startMs = performance.now();

  async function toOutput() {
    const { outputs } = run;
    if (input.kind === 'tensors') return { output: { tensors: outputs }, scores: undefined };
    if (!task?.postprocess) return postprocess(outputs, spec, { topK });
    const output = await doStage(spec, 'postprocess', async () =>
      // Fails here for what cannot cross, and leaves the task its own.
      structuredClone(await task.postprocess?.(outputs, spec)),
    );
    return { output, scores: undefined };
  }

  try {
    const { output, scores } = await toOutput();
    const top = Array.isArray(output) ? output[0] : undefined;
    const observation = baseline && scores && top && observe(scores, top.label, baseline);
    const post = performance.now() - startMs;
    const { batch, runMs } = run;
    return {
      ok: true,
      value: { output, observation, batch, times: { pre: preMs, run: runMs, post } },
    };
  } catch (error) {
    return { ok: false, error: toWireError(error, 'backend-failed') };
  }
}

/**
 * Places one result in the bins of the model's baseline: all that drift statistics keep of it.
 *
 * @param scores probabilities of one item, summing to 1
 * @param label the top label
 */
export function observe(scores: ArrayLike<number>, label: string, baseline: Baseline): Observation {
  let confidence = 0;
  let entropy = 0;
  for (let i = 0; i < scores.length; i += 1) {
    const p = scores[i] ?? 0;
    confidence = Math.max(confidence, p);
    if (p > 0) entropy -= p * Math.log(p);
  }
  return {
    confidenceBin: binIndex(confidence, baseline.confidence.edges),
    entropyBin: binIndex(entropy, baseline.entropy.edges),
    label,
  };
}
