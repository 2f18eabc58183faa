import {
  type Baseline,
  binIndex,
  isNearsideError,
  type Substitution,
  type Tensors,
} from '@nearside/core';
import {
  type Finished,
  type Flow,
  joinBatch,
  NO_TRACE,
  type PreparedItem,
  type PrepareOptions,
  splitBatch,
} from '@nearside/pipeline';
import {
  closePictures,
  type Observation,
  type Prediction,
  type Reply,
  type RunItem,
  type RunReply,
  toWireError,
  type WireInput,
} from '../protocol.js';
import type { Session } from './session.js';

/**
 * Several inputs through prepare → run → finish, or one. The only place where the stages meet. An input becomes none
 * to many items; those of all inputs run together where their shapes agree. Tensors in give the model's tensors out,
 * with no stage around the run.
 *
 * @param begin gives the flow that an input goes through: one of its own, or its stream's
 * @returns in the order of the inputs; one that is bad fails alone
 * @throws NearsideError backend codes, when the run itself failed
 */
export async function runBatch(
  session: Session,
  inputs: readonly RunItem[],
  begin: () => Flow,
): Promise<Reply<RunReply>[]> {
  const prepared = await prepareAll(inputs, begin);
  const items = prepared.flatMap((input) => (input.ok ? input.items : []));
  const ran = await runAll(session, items);
  let next = 0;
  const replies: Reply<RunReply>[] = [];
  for (const [i, input] of prepared.entries()) {
    if (!input.ok) {
      replies.push({ ok: false, error: input.error });
      continue;
    }
    const own = ran.slice(next, next + input.items.length);
    next += input.items.length;
    replies.push(
      await finish(inputs[i] as RunItem, {
        ran: own,
        prepared: input,
        baseline: session.baseline,
      }),
    );
  }
  return replies;
}

type Prepared =
  | {
      readonly ok: true;
      readonly flow: Flow;
      readonly items: readonly PreparedItem[];
      readonly substituted: Observation['substituted'];
      readonly preMs: number;
    }
  | Extract<Reply<never>, { ok: false }>;

async function prepareAll(inputs: readonly RunItem[], begin: () => Flow): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  for (const { input } of inputs) {
    const startMs = performance.now();
    try {
      const flow = begin();
      const substituted: [string, Substitution][] = [];
      const items = await toItems(input, flow, (...noted) => substituted.push(noted));
      prepared.push({ ok: true, flow, items, substituted, preMs: performance.now() - startMs });
    } catch (error) {
      prepared.push({ ok: false, error: toWireError(error, 'backend-failed') });
    }
  }
  return prepared;
}

/** An input as the session takes it. Bitmaps and frames were given to the worker, which closes them. */
export async function toItems(
  input: WireInput,
  flow: Flow,
  onSubstitute?: PrepareOptions['onSubstitute'],
): Promise<readonly PreparedItem[]> {
  if (input.kind === 'tensors') return [{ tensors: input.tensors, trace: NO_TRACE }];
  try {
    const raw = input.kind === 'image' ? input.image : input.value;
    return await flow.prepare(raw, { onSubstitute });
  } finally {
    closePictures(input);
  }
}

interface Ran extends Pick<PreparedItem, 'trace'> {
  readonly outputs: Tensors;
  readonly group: Group;
}

/** What ran together. */
interface Group {
  readonly ms: number;
  readonly size: number;
}

/** @returns in the order of the items */
async function runAll(session: Session, items: readonly PreparedItem[]): Promise<Ran[]> {
  if (items.length === 1) return runGroup(session, items);
  const ran = new Map<PreparedItem, Ran>();
  for (const alike of sortByForm(session, items)) {
    let done = 0;
    while (done < alike.length) {
      const group = await runAsManyAsFit(session, alike.slice(done));
      for (const [i, one] of group.entries()) ran.set(alike[done + i] as PreparedItem, one);
      done += group.length;
    }
  }
  return items.map((item) => ran.get(item) as Ran);
}

/** Lists of what can be joined. What runs alone anyway, as with state, stays in its order. */
function sortByForm(
  { batchLimit }: Session,
  items: readonly PreparedItem[],
): readonly (readonly PreparedItem[])[] {
  if (batchLimit.max === 1 || items.length < 2) return [items];
  const lists = new Map<string, PreparedItem[]>();
  for (const item of items) {
    const form = Object.entries(item.tensors)
      .map(([name, { datatype, shape }]) => [name, datatype, ...shape].join())
      .join();
    const alike = lists.get(form);
    if (alike) alike.push(item);
    else lists.set(form, [item]);
  }
  return [...lists.values()];
}

/** A batch that does not fit into memory is halved, and the limit remembered. */
async function runAsManyAsFit(session: Session, items: readonly PreparedItem[]): Promise<Ran[]> {
  const { batchLimit } = session;
  const group = items.slice(0, batchLimit.max);
  try {
    return await runGroup(session, group);
  } catch (error) {
    const isTooLarge = isNearsideError(error) && error.code === 'out-of-memory';
    if (!isTooLarge || group.length === 1) throw error;
    batchLimit.max = Math.floor(group.length / 2);
    return runAsManyAsFit(session, items);
  }
}

async function runGroup(session: Session, items: readonly PreparedItem[]): Promise<Ran[]> {
  const startMs = performance.now();
  const [only] = items;
  const size = items.length;
  // One item needs no joining, and keeps its buffers.
  const joined = only && size === 1 ? only.tensors : joinBatch(items.map(({ tensors }) => tensors));
  const outputs = await session.run(joined);
  const group: Group = { ms: performance.now() - startMs, size };
  const parts = size === 1 ? [outputs] : splitBatch(outputs, size);
  return parts.map((outputs, i) => {
    const { trace } = items[i] as PreparedItem;
    return { outputs, trace, group };
  });
}

interface FinishOptions {
  /** The input's items. */
  readonly ran: readonly Ran[];
  readonly prepared: Extract<Prepared, { ok: true }>;
  readonly baseline: Baseline | undefined;
}

async function finish(
  { input, topK }: RunItem,
  { ran, prepared, baseline }: FinishOptions,
): Promise<Reply<RunReply>> {
  const startMs = performance.now();
  try {
    const { output, observed } =
      input.kind === 'tensors' ? asTensors(ran) : await prepared.flow.finish(ran, { topK });
    const prediction = baseline && placeIn(baseline, observed);
    const { substituted } = prepared;
    const isNews = prediction || substituted.length > 0;
    const observation = isNews ? { prediction, substituted } : undefined;
    const groups = [...new Set(ran.map(({ group }) => group))];
    const times = {
      pre: prepared.preMs,
      run: groups.reduce((sum, { ms }) => sum + ms, 0),
      post: performance.now() - startMs,
    };
    const batch = Math.max(1, ...groups.map(({ size }) => size));
    return { ok: true, value: { output, observation, batch, times } };
  } catch (error) {
    return { ok: false, error: toWireError(error, 'backend-failed') };
  }
}

function asTensors(ran: readonly Ran[]): Finished {
  return { output: { tensors: ran[0]?.outputs }, observed: new Map() };
}

/** Places one result in the bins of the model's baseline: all that drift statistics keep of it. */
function placeIn(
  { confidence, entropy }: Baseline,
  observed: Finished['observed'],
): Prediction | undefined {
  const label = observed.get('class');
  if (label === undefined) return undefined;
  return {
    confidenceBin: binIndex(Number(observed.get('confidence')), confidence.edges),
    entropyBin: binIndex(Number(observed.get('entropy')), entropy.edges),
    label: String(label),
  };
}
