import {
  binOf,
  checkTexts,
  isNearsideError,
  type ModelSpec,
  NearsideError,
  type Substitution,
  type Tensors,
} from '@nearside/core';
import {
  type Finished,
  type Flow,
  type InputOptions,
  joinBatch,
  type Prepared,
  splitBatch,
} from '@nearside/pipeline';
import {
  closePictures,
  type Reply,
  type RunInput,
  type RunReply,
  toWireError,
  type WireInput,
} from '../shared/protocol.js';
import { outOfRange } from './backends/backend-error.js';
import type { RunStage, Session } from './session.js';

/** The steps and the models that an input goes through. In a stream both carry state from the input before. */
export interface Way {
  readonly flow: () => Flow;
  readonly run: RunStage;
}

/**
 * Several inputs through prepare → run → finish, or one. An input becomes
 * none to many items for a model; those of all inputs run together where their shapes agree. What a spec's next
 * stage is to run follows in another round. Tensors in give the model's tensors out, with no step around the run.
 *
 * @param nextWay gives the way of the next input: one of its own, or its stream's
 * @returns in the order of the inputs; one that is bad fails alone
 * @throws NearsideError backend codes, when the run itself failed
 */
export function runBatch(
  session: Session,
  inputs: readonly RunInput[],
  nextWay: () => Way,
): Promise<Reply<RunReply>[]> {
  const [first] = inputs;
  if (first?.input.kind === 'tensors' && inputs.length === 1) {
    return runTensors(session, first.input.tensors, nextWay().run);
  }
  return runThroughSteps(session, inputs, nextWay).catch((error) => {
    const areTensors = inputs.every(({ input }) => input.kind === 'tensors');
    if (!areTensors || outOfRange(error) === undefined) throw error;
    return runOneByOne(session, inputs, nextWay); // each that is good is answered
  });
}

async function runThroughSteps(
  session: Session,
  inputs: readonly RunInput[],
  nextWay: () => Way,
): Promise<Reply<RunReply>[]> {
  const isStaged = session.stages.length > 1;
  // Pictures are held until the last stage: inputs run one at a time, and only the items of each together.
  if (isStaged && inputs.length > 1) return runOneByOne(session, inputs, nextWay);
  const entries: Entry[] = [];
  try {
    for (const item of inputs) {
      entries.push(await enter(item, nextWay));
      if (!isStaged) closePictures(item.input); // nothing looks at it again
    }
    let waiting = entries.filter(isWaiting);
    while (waiting.length > 0) {
      await runRound(session, waiting);
      waiting = waiting.filter(isWaiting);
    }
  } finally {
    for (const entry of entries) if (isWaiting(entry)) entry.progress.release();
    for (const { input } of inputs) closePictures(input);
  }
  return entries.map((entry) => toReply(entry, session));
}

/** Tensors of one caller, which go through no step: for a small model all else takes as long as its run. */
async function runTensors(
  session: Session,
  tensors: Tensors,
  run: RunStage,
): Promise<Reply<RunReply>[]> {
  checkTexts(tensors);
  const startMs = performance.now();
  let output: { readonly tensors: Tensors };
  try {
    output = { tensors: await run(0, tensors) };
  } catch (error) {
    return [{ ok: false, error: toWireError(asInputError(tensors, error), 'backend-failed') }];
  }
  const times = { pre: 0, run: performance.now() - startMs, post: 0 };
  const observation = observe(NOTHING_SEEN, session);
  return [{ ok: true, value: { output, batch: 1, times, ...(observation && { observation }) } }];
}

/**
 * An index that a caller gave, such as the id of a piece of text, may be one that the model has not.
 *
 * @throws the error, where it says something else
 */
function asInputError(tensors: Tensors, error: unknown): NearsideError {
  const got = outOfRange(error);
  const names = Object.keys(tensors).filter((name) => tensors[name]?.datatype.includes('INT'));
  if (got === undefined || names.length === 0) throw error;
  return new NearsideError(
    'input-invalid',
    `${names.join(' or ')} holds a number that the model has no row for: ${got}. Are its ids of the model's own tokenizer?`,
    { cause: error, details: { tensors: names } },
  );
}

async function runOneByOne(
  session: Session,
  inputs: readonly RunInput[],
  nextWay: () => Way,
): Promise<Reply<RunReply>[]> {
  const replies: Reply<RunReply>[] = [];
  try {
    for (const input of inputs) replies.push(...(await runBatch(session, [input], nextWay)));
  } finally {
    for (const { input } of inputs) closePictures(input);
  }
  return replies;
}

/** One input on its way. */
interface Entry {
  readonly run: RunStage;
  progress: Prepared | Finished | Failed;
  readonly times: { pre: number; run: number; post: number };
  /** Inputs whose items ran together, the most of them. */
  batch: number;
  readonly substituted: [string, Substitution][];
}

type Failed = Extract<Reply<never>, { ok: false }>;

type Waiting = Entry & { progress: Prepared };

function isWaiting(entry: Entry): entry is Waiting {
  return 'isDone' in entry.progress && !entry.progress.isDone;
}

async function enter({ input, topK }: RunInput, nextWay: () => Way): Promise<Entry> {
  const startMs = performance.now();
  const substituted: Entry['substituted'] = [];
  const { flow, run } = nextWay();
  const progress = await orFailed(() =>
    prepare(input, flow, { topK, onSubstitute: (...noted) => substituted.push(noted) }),
  );
  const times = { pre: performance.now() - startMs, run: 0, post: 0 };
  return { run, progress, times, batch: 1, substituted };
}

async function orFailed<Value>(work: () => Value | Promise<Value>): Promise<Value | Failed> {
  try {
    return await work();
  } catch (error) {
    return { ok: false, error: toWireError(error, 'backend-failed') };
  }
}

/** An input as the first model takes it. */
export function prepare(
  input: WireInput,
  flow: Way['flow'],
  options?: InputOptions,
): Prepared | Promise<Prepared> {
  switch (input.kind) {
    case 'tensors':
      return asItIs(input.tensors);
    case 'image':
      return flow().prepare(input.image, options);
    default:
      return flow().prepare(input.value, { ...options, stale: input.stale });
  }
}

/** Tensors go through no step. @throws NearsideError `input-invalid` */
function asItIs(tensors: Tensors): Prepared {
  checkTexts(tensors);
  return { isDone: false, stage: 0, items: [tensors], finish: asTensors, release() {} };
}

async function asTensors([tensors]: readonly Tensors[]): Promise<Finished> {
  return { isDone: true, output: { tensors }, observed: new Map() };
}

/** Runs what every input waits for, and brings each a step further. */
async function runRound(session: Session, waiting: readonly Waiting[]): Promise<void> {
  const items = waiting.flatMap(({ progress, run }) =>
    progress.items.map((tensors): Item => ({ tensors, run, stage: progress.stage })),
  );
  const ran = await runAll(session, items);
  const inputsOf = countInputs(waiting, ran);
  let next = 0;
  for (const entry of waiting) {
    const { progress, times } = entry;
    const own = ran.slice(next, next + progress.items.length);
    next += own.length;
    for (const group of new Set(own.map(({ group }) => group))) {
      times.run += group.ms;
      entry.batch = Math.max(entry.batch, inputsOf(group));
    }
    const startMs = performance.now();
    const finish = () => progress.finish(own.map(({ outputs }) => outputs));
    (entry as Entry).progress = await orFailed<Prepared | Finished>(finish);
    times.post += performance.now() - startMs;
  }
}

/** How many inputs have items in a group. */
function countInputs(waiting: readonly Waiting[], ran: readonly Ran[]): (group: Group) => number {
  if (waiting.length === 1) return () => 1;
  const counts = new Map<Group, number>();
  let next = 0;
  for (const { progress } of waiting) {
    const own = ran.slice(next, next + progress.items.length);
    next += own.length;
    for (const group of new Set(own.map(({ group }) => group))) {
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
  }
  return (group) => counts.get(group) ?? 1;
}

/** A model runs once for each. */
interface Item {
  readonly tensors: Tensors;
  readonly run: RunStage;
  readonly stage: number;
}

interface Ran {
  readonly outputs: Tensors;
  readonly group: Group;
}

/** Items that ran together. */
interface Group {
  readonly ms: number;
}

/** @returns in the order of the items */
async function runAll(session: Session, items: readonly Item[]): Promise<Ran[]> {
  if (items.length === 1) return await runGroup(items);
  const ran = new Map<Item, Ran>();
  for (const alike of sortByForm(session, items)) {
    let done = 0;
    while (done < alike.length) {
      const group = await runAsManyAsFit(session, alike, done);
      for (const [i, one] of group.entries()) ran.set(alike[done + i] as Item, one);
      done += group.length;
    }
  }
  return items.map((item) => ran.get(item) as Ran);
}

/** Lists of what can be joined. What runs alone anyway, as with state, stays in its order. */
function sortByForm({ batchLimit }: Session, items: readonly Item[]): readonly (readonly Item[])[] {
  if (batchLimit.max === 1 || items.length < 2) return [items];
  const lists = new Map<string, Item[]>();
  for (const item of items) {
    const form = Object.entries(item.tensors)
      .map(([name, { datatype, shape }]) => [name, datatype, ...shape].join())
      .join();
    const key = `${item.stage},${form}`;
    const alike = lists.get(key);
    if (alike) alike.push(item);
    else lists.set(key, [item]);
  }
  return [...lists.values()];
}

/** A batch that does not fit into memory is halved, and the limit remembered. */
async function runAsManyAsFit(
  session: Session,
  items: readonly Item[],
  from: number,
): Promise<Ran[]> {
  const { batchLimit, stages } = session;
  const isJoined = stages[items[0]?.stage ?? 0]?.takesBatches;
  const group = items.slice(from, from + (isJoined ? batchLimit.max : 1));
  try {
    return await runGroup(group);
  } catch (error) {
    const isTooLarge = isNearsideError(error) && error.code === 'out-of-memory';
    if (!isTooLarge || group.length === 1) throw error;
    batchLimit.max = Math.floor(group.length / 2);
    return runAsManyAsFit(session, items, from);
  }
}

async function runGroup(items: readonly Item[]): Promise<Ran[]> {
  const startMs = performance.now();
  const [first] = items;
  if (!first) return [];
  const size = items.length;
  // One item needs no joining, and keeps its buffers.
  const joined = size === 1 ? first.tensors : joinBatch(items.map(({ tensors }) => tensors));
  const outputs = await first.run(first.stage, joined);
  const group: Group = { ms: performance.now() - startMs };
  const parts = size === 1 ? [outputs] : splitBatch(outputs, size);
  return parts.map((outputs) => ({ outputs, group }));
}

function toReply(
  { progress, substituted, batch, times }: Entry,
  session: Session,
): Reply<RunReply> {
  if (!('isDone' in progress)) return progress;
  const { output, observed } = progress as Finished;
  const observation = observe({ observed, substituted }, session);
  return { ok: true, value: { output, observation, batch, times } };
}

/** Notes of the steps on an input and its result. */
type Seen = Pick<Finished, 'observed'> & Pick<Entry, 'substituted'>;

const NOTHING_SEEN: Seen = { observed: new Map(), substituted: [] };

/** @returns undefined where nothing is known of the run that statistics could use */
function observe({ observed, substituted }: Seen, { baseline, spec }: Session) {
  const bins = (baseline?.distributions ?? []).map((distribution) => {
    const value = observed.get(distribution.name);
    return value === undefined ? -1 : binOf(distribution, value);
  });
  const predicted = observed.get('class') ?? observed.get('value');
  const isNews = bins.length + substituted.length > 0 || predicted !== undefined;
  return isNews
    ? { bins, predicted, substituted: placesOf(substituted, spec.features) }
    : undefined;
}

function placesOf(substituted: Entry['substituted'], features: ModelSpec['features'] = []) {
  return substituted.map(
    ([feature, reason]) => [features.findIndex(({ name }) => name === feature), reason] as const,
  );
}
