import { isNearsideError, type ModelSpec, type Tensors } from '@nearside/core';
import { joinBatch, postprocess, preprocess, splitBatch } from '@nearside/pipeline';
import { observe } from './observe.js';
import {
  type Reply,
  type RunItem,
  type RunReply,
  toWireError,
  type WireInput,
} from './protocol.js';
import type { Session } from './session.js';

/**
 * Several inputs through preprocess → run → postprocess, or one. The only place where the stages
 * meet. Tensors in give the model's tensors out, with no stage around the run.
 *
 * @param arrivedMs when the request reached the worker, by `performance.now()`
 * @returns in the order of the items; an input that is bad fails alone
 * @throws NearsideError backend codes, when the run itself failed
 */
export async function runBatch(
  session: Session,
  items: readonly RunItem[],
  { arrivedMs }: { arrivedMs: number },
): Promise<Reply<RunReply>[]> {
  const startMs = performance.now();
  const prepared = await prepareAll(items, session.version.spec);
  const good = prepared.filter((item) => item.ok);
  const ran = await runAll(
    session,
    good.map(({ tensors }) => tensors),
  );
  let next = 0;
  return prepared.map((item, i) => {
    if (!item.ok) return { ok: false, error: item.error };
    const run = ran[next] as Ran;
    next += 1;
    const times = { wait: startMs - arrivedMs, pre: item.preMs };
    return finish(session, items[i] as RunItem, { run, times });
  });
}

type Prepared =
  | { readonly ok: true; readonly tensors: Tensors; readonly preMs: number }
  | Extract<Reply<never>, { ok: false }>;

async function prepareAll(items: readonly RunItem[], spec: ModelSpec): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  for (const { input } of items) {
    const startMs = performance.now();
    try {
      const tensors = await toTensors(input, spec);
      prepared.push({ ok: true, tensors, preMs: performance.now() - startMs });
    } catch (error) {
      prepared.push({ ok: false, error: toWireError(error, 'backend-failed') });
    }
  }
  return prepared;
}

/**
 * An input as the session takes it. Bitmaps and frames were given to the worker, which closes them: a
 * camera has few.
 */
export async function toTensors(input: WireInput, spec: ModelSpec): Promise<Tensors> {
  if (input.kind === 'tensors') return input.tensors;
  try {
    return await preprocess(input.image, spec);
  } finally {
    if ('close' in input.image) input.image.close();
  }
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

function finish(
  { version: { spec }, baseline }: Session,
  { input, topK }: RunItem,
  { run, times }: { run: Ran; times: { readonly wait: number; readonly pre: number } },
): Reply<RunReply> {
  const startMs = performance.now();
  try {
    const { output, scores } =
      input.kind === 'tensors'
        ? { output: { tensors: run.outputs }, scores: undefined }
        : postprocess(run.outputs, spec, { topK });
    const top = Array.isArray(output) ? output[0] : undefined;
    const observation = baseline && scores && top && observe(scores, top.label, baseline);
    const post = performance.now() - startMs;
    const { batch, runMs } = run;
    return {
      ok: true,
      value: { output, observation, batch, times: { ...times, run: runMs, post } },
    };
  } catch (error) {
    return { ok: false, error: toWireError(error, 'backend-failed') };
  }
}
