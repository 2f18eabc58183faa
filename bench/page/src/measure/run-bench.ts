import { watchSmoothness } from '../../../smoothness.js';
import type { Contender, Prepared, Values } from '../contenders/contender.ts';
import { type BenchModel, copyOf } from '../models/bench-model.ts';
import { BenchError, describeProblem } from '../problem.ts';
import { TURNS_TO_TELL } from '../results/ranking.ts';
import type { BenchResult, DeviceFacts, Latency, ResultRow, Start } from '../results/result.ts';
import { checkNumbers } from './correctness.ts';
import { isSoftwareGpu } from './device-facts.ts';
import { noSamples, type Samples, timeOnce } from './latency.ts';
import type { PageWatch } from './page-watch.ts';
import { ascending, distribution, mean, quantile } from './percentiles.ts';
import { type WarmUp, warmUpUntilSteady } from './steady.ts';

/** How much of what is measured. A run of all rows on digits takes about a minute. */
const LIMITS = Object.freeze({
  /** A step of a row that takes longer has hung, ms. */
  stepMs: 90_000,
  /** A larger model is open for one row at a time, bytes. */
  togetherBytes: 50_000_000,
  /** Latencies: the rows take turns, the first right after the warm-up. `results/ranking.ts` needs six. */
  turns: TURNS_TO_TELL,
  runsPerTurn: 40,
  turnMs: 300,
  /** Of each batch size, ms. */
  throughputMs: 250,
  /** After a batch that takes longer no larger one is tried, ms. */
  longBatchMs: 2_000,
  concurrent: 64,
  concurrentMs: 500,
  /** Where so many calls would take longer, they are not made, ms. */
  longConcurrentMs: 10_000,
  /** Runs back to back while the main thread is watched, ms. */
  smoothnessMs: 1_000,
  /** A peer that computes on the main thread lets the page draw, and hear of a click, so often, ms. */
  breathMs: 50,
});

export interface BenchPlan {
  readonly model: BenchModel;
  readonly contenders: readonly Contender[];
  /** For rows whose threads can be told. */
  readonly threads: number;
  readonly batches: readonly number[];
}

interface RunProgress {
  readonly what: string;
  /** Of `total` steps. */
  readonly done: number;
  readonly total: number;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly page: PageWatch;
  /** Told whenever a row has changed. */
  onChange(progress: RunProgress): void;
}

/** A row, and what is open for it. */
interface Entry {
  readonly contender: Contender;
  /** Aborts when it has failed: a step that hung must not go on when it comes back. */
  readonly over: AbortController;
  row: ResultRow;
  prepared: Prepared | undefined;
  samples: Samples;
  turnMediansMs: readonly number[];
  warmUp: WarmUp;
}

type Step = readonly [name: string, work: (entry: Entry) => Promise<void>];

/**
 * Measures everybody on one model. A failure is told by its row and stops nothing else; an abort ends all, and what
 * was measured stays.
 *
 * @param result its rows are replaced as they become known
 * @throws `signal.reason`
 */
export async function runBench(
  plan: BenchPlan,
  result: BenchResult,
  { signal, page, onChange }: RunOptions,
): Promise<void> {
  const entries = plan.contenders.map((contender) => entryOf(contender, plan.model, result.device));
  const groups = groupsOf(
    entries.filter(({ row }) => row.state === 'waiting'),
    plan.model,
  );
  const steps = stepsOf(plan, { signal, page, onPart: tell });
  const { start, latency, later } = steps;
  const total = groups.reduce((sum, { length }) => sum + length * (LIMITS.turns + later.length), 0);
  let done = 0;
  let what = 'Starting';

  function tell(): void {
    result.rows = entries.map(({ row }) => row);
    onChange({ what, done, total });
  }

  /** One step of one row: what it throws is the row's. */
  async function take(entry: Entry, [name, work]: Step): Promise<void> {
    signal.throwIfAborted();
    done += 1;
    if (entry.row.state === 'failed' || entry.row.state === 'skipped') return;
    change(entry, { state: 'running' });
    what = `${entry.row.title}: ${name}`;
    tell();
    try {
      await inTime(abortable(work(entry), signal), LIMITS.stepMs, page);
    } catch (error) {
      signal.throwIfAborted();
      const problem = describeProblem(error);
      // What a browser lacks is no failure of the row.
      change(entry, { state: problem.code === 'no-backend' ? 'skipped' : 'failed', problem });
      await end(entry);
    }
    tell();
  }

  try {
    tell();
    for (const group of groups) {
      for (const entry of group) await take(entry, start);
      for (let turn = 1; turn < LIMITS.turns; turn += 1)
        for (const entry of inDrawnOrder(group)) await take(entry, latency);
      for (const step of later) for (const entry of group) await take(entry, step);
    }
  } finally {
    for (const entry of entries) {
      const { state } = entry.row;
      if (state === 'waiting' || state === 'running') change(entry, { state: 'cancelled' });
      end(entry).catch(() => {}); // nobody waits for a worker that hangs
    }
    tell();
  }
}

interface StepOptions {
  readonly signal: AbortSignal;
  readonly page: PageWatch;
  /** Told when a part of a step is there already. */
  onPart(): void;
}

/** What is done with each row, one after another. */
function stepsOf({ model, threads, batches }: BenchPlan, { signal, page, onPart }: StepOptions) {
  /** What the first row gave, where the model has no golden outputs. */
  let reference: Values | undefined;
  let breathedMs = performance.now();

  /** The time of one call, ms. Before it the page may draw, but not within a stretch that is watched. */
  async function time(
    entry: Entry,
    { batch = 1, into = noSamples(), isWatched = false } = {},
  ): Promise<number> {
    if (!isWatched && performance.now() - breathedMs > LIMITS.breathMs) {
      await new Promise((resolve) => setTimeout(resolve));
      breathedMs = performance.now();
    }
    const made = model.sample(batch);
    const work = (inputs: typeof made) => preparedOf(entry).run(inputs);
    const options = { page, signal: signalOf(entry) };
    return timeOnce({ prepare: () => copyOf(made), work }, into, options);
  }

  const signalOf = ({ over }: Entry) => AbortSignal.any([signal, over.signal]);

  /** Opens it and has it answer once, ms by stage. */
  async function open(entry: Entry): Promise<Start> {
    const startMs = performance.now();
    const within = signalOf(entry);
    const prepared = await entry.contender.prepare(model, { threads, signal: within });
    entry.prepared = prepared;
    if (within.aborted) await end(entry); // it came after all, and nobody waits any more
    within.throwIfAborted();
    await prepared.run(model.sample(1));
    return { totalMs: performance.now() - startMs, stages: { ...prepared.stages } };
  }

  async function start(entry: Entry): Promise<void> {
    const coldStart = await open(entry);
    const prepared = preparedOf(entry);
    const { backend, variant, hardware } = prepared;
    const isSoftware = hardware !== 'cpu' && isSoftwareGpu(hardware);
    const facts = { backend, variant, threads: prepared.threads, hardware };
    change(entry, { ...facts, isSoftwareGpu: isSoftware, coldStart });
    const { correctness, values } = await checkNumbers(prepared, model, reference);
    reference ??= values;
    change(entry, { correctness });
    entry.warmUp = await warmUpUntilSteady(() => time(entry));
    await measureLatencies(entry);
  }

  /** One turn. */
  async function measureLatencies(entry: Entry): Promise<void> {
    const { samples, turnMediansMs } = entry;
    const { length: before } = samples.times;
    let spentMs = 0;
    for (let i = 0; i < LIMITS.runsPerTurn && spentMs < LIMITS.turnMs; i += 1)
      spentMs += await time(entry, { into: samples });
    const turnMs = quantile(ascending(samples.times.slice(before)), 0.5);
    entry.turnMediansMs = [...turnMediansMs, turnMs];
    change(entry, { latency: latencyOf(entry) });
  }

  async function measureThroughput(entry: Entry): Promise<void> {
    const throughput: { batch: number; perSecond: number }[] = [];
    for (const batch of batches.filter((size) => size <= model.largestBatch)) {
      const firstMs = await time(entry, { batch });
      const into = noSamples();
      let spentMs = 0;
      while (spentMs < LIMITS.throughputMs) spentMs += await time(entry, { batch, into });
      throughput.push({ batch, perSecond: (1000 * batch * into.times.length) / spentMs });
      change(entry, { throughput: [...throughput] });
      onPart();
      if (firstMs > LIMITS.longBatchMs) return;
    }
  }

  async function measureConcurrent(entry: Entry): Promise<void> {
    const { latency } = entry.row;
    if (!latency || latency.p50Ms * LIMITS.concurrent > LIMITS.longConcurrentMs) return;
    const made = model.sample(1);
    const prepare = () => Array.from({ length: LIMITS.concurrent }, () => copyOf(made));
    const work = (all: (typeof made)[]) =>
      Promise.all(all.map((inputs) => preparedOf(entry).run(inputs)));
    const options = { page, signal: signalOf(entry) };
    await timeOnce({ prepare, work }, noSamples(), options); // batches of so many have a first time too
    const into = noSamples();
    let spentMs = 0;
    while (spentMs < LIMITS.concurrentMs)
      spentMs += await timeOnce({ prepare, work }, into, options);
    const runs = LIMITS.concurrent * into.times.length;
    change(entry, { concurrentPerSecond: (1000 * runs) / spentMs });
  }

  async function measureSmoothness(entry: Entry): Promise<void> {
    if (!PerformanceObserver.supportedEntryTypes.includes('longtask')) return;
    const { interruptions } = page;
    const { blockingMs, longestMs, droppedFrames } = await watchSmoothness(async () => {
      const endMs = performance.now() + LIMITS.smoothnessMs;
      while (performance.now() < endMs) await time(entry, { isWatched: true });
    });
    // A hidden page has no frames: what was counted says nothing.
    if (page.interruptions !== interruptions) return;
    const stretchMs = LIMITS.smoothnessMs;
    change(entry, { smoothness: { stretchMs, blockingMs, longestMs, droppedFrames } });
  }

  async function startAgain(entry: Entry): Promise<void> {
    const memoryBytes = entry.prepared?.heapBytes?.();
    if (memoryBytes !== undefined) change(entry, { memoryBytes });
    await close(entry);
    change(entry, { warmStart: await open(entry), state: 'done' });
    await close(entry);
  }

  const later: readonly Step[] = [
    ['throughput', measureThroughput],
    ['64 at once', measureConcurrent],
    ['main thread', measureSmoothness],
    ['second start', startAgain],
  ];
  return {
    start: ['start and warm-up', start] as Step,
    latency: ['latency', measureLatencies] as Step,
    later,
  };
}

function entryOf(contender: Contender, model: BenchModel, device: DeviceFacts): Entry {
  const { id, title, place, isPeer } = contender;
  const unfit = contender.unfit(model, device);
  const named = { id, title, place, isPeer } as const;
  return {
    contender,
    over: new AbortController(),
    prepared: undefined,
    samples: noSamples(),
    turnMediansMs: [],
    warmUp: { runs: 0, isSteady: false },
    row: unfit
      ? { ...named, state: 'skipped', problem: { code: 'unfit', message: unfit } }
      : model.refusal
        ? { ...named, state: 'failed', problem: model.refusal }
        : { ...named, state: 'waiting' },
  };
}

/** All take turns, unless the device has no room for so many of the model: then one row follows another. */
function groupsOf(entries: readonly Entry[], { sizeBytes }: BenchModel): readonly Entry[][] {
  if (sizeBytes > LIMITS.togetherBytes) return entries.map((entry) => [entry]);
  return entries.length > 0 ? [[...entries]] : [];
}

function change(entry: Entry, changed: Partial<ResultRow>): void {
  entry.row = { ...entry.row, ...changed };
}

function preparedOf({ prepared, contender }: Entry): Prepared {
  if (prepared) return prepared;
  throw new BenchError('closed', `Expected ${contender.title} to be open, got none.`);
}

async function close(entry: Entry): Promise<void> {
  const { prepared } = entry;
  entry.prepared = undefined;
  await prepared?.dispose();
}

/** Closes it for good. A worker that is lost has nothing to give back. */
async function end(entry: Entry): Promise<void> {
  entry.over.abort(new BenchError('closed', 'The row has ended.'));
  await close(entry).catch(() => {});
}

function latencyOf({ samples, turnMediansMs, warmUp }: Entry): Latency {
  const { times, thrownAway } = samples;
  const sorted = ascending(times);
  return {
    count: times.length,
    thrownAway,
    p50Ms: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    meanMs: mean(times),
    points: distribution(times),
    turnMediansMs: [...turnMediansMs],
    warmUpRuns: warmUp.runs,
    isSteady: warmUp.isSteady,
  };
}

/** A row that always came after the same one would pay for what that one left behind. */
function inDrawnOrder<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** Time in which the page sleeps does not count. @throws BenchError `timeout` */
function inTime(work: Promise<void>, limitMs: number, page: PageWatch): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `Expected an answer within ${limitMs / 1000} s, got none.`;
    function arm(): void {
      const { interruptions } = page;
      timer = setTimeout(() => {
        if (page.isHidden || page.interruptions !== interruptions) arm();
        else reject(new BenchError('timeout', message));
      }, limitMs);
    }
    arm();
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** What hangs is left alone when the run is cancelled. */
function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
