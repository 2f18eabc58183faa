import { watchSmoothness } from '../../../smoothness.js';
import type { Contender, Prepared, Values } from '../contenders/contender.ts';
import { type BenchModel, copyOf } from '../models/bench-model.ts';
import { BenchError, describeProblem } from '../problem.ts';
import type { BenchResult, Latency, ResultRow, Start } from '../results/result.ts';
import { checkNumbers } from './correctness.ts';
import { isSoftwareGpu } from './device-facts.ts';
import { noSamples, type Samples, timeOnce } from './latency.ts';
import type { PageWatch } from './page-watch.ts';
import { ascending, distribution, mean, quantile } from './percentiles.ts';
import { type WarmUp, warmUpUntilSteady } from './steady.ts';

/** How much of what is measured. A run of all rows takes about a minute. */
export const LIMITS = Object.freeze({
  /** A start that takes longer has failed, ms. */
  startMs: 90_000,
  /** A larger model is open for one row at a time. */
  togetherBytes: 50_000_000,
  /** A run that takes longer has hung, ms. */
  runMs: 30_000,
  /** Latencies: the rows take turns, so many runs at a time. */
  turns: 5,
  runsPerTurn: 40,
  turnMs: 300,
  /** Of each batch size, ms. */
  throughputMs: 250,
  concurrent: 64,
  concurrentMs: 500,
  /** Runs back to back while the main thread is watched, ms. */
  smoothnessMs: 1_000,
});

export interface BenchPlan {
  readonly model: BenchModel;
  readonly contenders: readonly Contender[];
  /** For rows whose threads can be told. */
  readonly threads: number;
  readonly batches: readonly number[];
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly page: PageWatch;
  /** Told whenever a row has changed; `done` of `total` steps are over. */
  onChange(progress: {
    readonly what: string;
    readonly done: number;
    readonly total: number;
  }): void;
}

/** A row, and what is open for it. */
interface Entry {
  readonly contender: Contender;
  row: ResultRow;
  prepared: Prepared | undefined;
  samples: Samples;
  warmUp: WarmUp;
}

/**
 * Measures everybody on one model. A failure is told by its row and stops nothing else; an abort ends all, and what
 * was measured stays.
 *
 * @param result its rows are replaced as they become known
 */
export async function runBench(
  { model, contenders, threads, batches }: BenchPlan,
  result: BenchResult,
  { signal, page, onChange }: RunOptions,
): Promise<void> {
  const entries = contenders.map((contender) => entryOf(contender, model));
  const groups = groupsOf(
    entries.filter(({ row }) => row.state === 'waiting'),
    model,
  );
  const suites: readonly [string, (entry: Entry) => Promise<void>][] = [
    ['Throughput', measureThroughput],
    ['64 at once', measureConcurrent],
    ['Main thread', measureSmoothness],
    ['Second start', measureWarmStart],
  ];
  const total = groups.reduce(
    (sum, { length }) => sum + length * (1 + suites.length) + LIMITS.turns,
    0,
  );
  let done = 0;
  let reference: Values | undefined;

  function tell(what: string): void {
    result.rows = entries.map(({ row }) => row);
    onChange({ what, done, total });
  }

  /** One step of one row: what it throws is the row's. */
  async function step(entry: Entry, what: string, work: (entry: Entry) => Promise<void>) {
    signal.throwIfAborted();
    change(entry, { state: 'running' });
    tell(`${entry.row.title}: ${what}`);
    try {
      await work(entry);
    } catch (error) {
      signal.throwIfAborted();
      change(entry, { state: 'failed', problem: describeProblem(error) });
      await dispose(entry);
    }
    tell(`${entry.row.title}: ${what}`);
  }

  const time = (entry: Entry, batch = 1, into = noSamples()) => {
    const prepared = entry.prepared as Prepared;
    const work = (inputs: ReturnType<BenchModel['sample']>) =>
      inTime(prepared.run(inputs), LIMITS.runMs);
    const made = model.sample(batch);
    return timeOnce({ prepare: () => copyOf(made), work }, into, { page, signal });
  };

  async function start(entry: Entry): Promise<void> {
    const startMs = performance.now();
    const prepared = await prepare(entry);
    await inTime(prepared.run(model.sample(1)), LIMITS.runMs);
    const coldStart = startOf(prepared, startMs);
    const { backend, variant, hardware } = prepared;
    const isSoftware = hardware !== 'cpu' && isSoftwareGpu(hardware);
    const facts = {
      backend,
      variant,
      threads: prepared.threads,
      hardware,
      isSoftwareGpu: isSoftware,
    };
    change(entry, { ...facts, coldStart });
    const { correctness, values } = await checkNumbers(prepared, model, reference);
    reference ??= values;
    change(entry, { correctness });
    entry.warmUp = await warmUpUntilSteady(() => time(entry));
    await measureLatencies(entry);
  }

  async function prepare(entry: Entry): Promise<Prepared> {
    const over = new AbortController();
    const end = () => over.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    const preparing = entry.contender.prepare(model, { threads, signal: over.signal });
    try {
      entry.prepared = await inTime(abortable(preparing, signal), LIMITS.startMs);
      return entry.prepared;
    } catch (error) {
      over.abort(error);
      preparing.then((late) => late.dispose()).catch(() => {});
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  async function measureLatencies(entry: Entry): Promise<void> {
    let spentMs = 0;
    for (let i = 0; i < LIMITS.runsPerTurn && spentMs < LIMITS.turnMs; i += 1)
      spentMs += await time(entry, 1, entry.samples);
    change(entry, { latency: latencyOf(entry.samples, entry.warmUp) });
  }

  async function measureThroughput(entry: Entry): Promise<void> {
    const throughput: { batch: number; perSecond: number }[] = [];
    for (const batch of model.hasBatches ? batches : [1]) {
      await time(entry, batch);
      const samples = noSamples();
      let spentMs = 0;
      while (spentMs < LIMITS.throughputMs) spentMs += await time(entry, batch, samples);
      throughput.push({ batch, perSecond: (1000 * batch * samples.times.length) / spentMs });
      change(entry, { throughput: [...throughput] });
      tell(`${entry.row.title}: Throughput`);
    }
  }

  async function measureConcurrent(entry: Entry): Promise<void> {
    const prepared = entry.prepared as Prepared;
    const made = model.sample(1);
    const prepareAll = () => Array.from({ length: LIMITS.concurrent }, () => copyOf(made));
    const work = (all: ReturnType<typeof prepareAll>) =>
      inTime(Promise.all(all.map((inputs) => prepared.run(inputs))), LIMITS.runMs);
    const samples = noSamples();
    let spentMs = 0;
    while (spentMs < LIMITS.concurrentMs)
      spentMs += await timeOnce({ prepare: prepareAll, work }, samples, { page, signal });
    const runs = LIMITS.concurrent * samples.times.length;
    change(entry, { concurrentPerSecond: (1000 * runs) / spentMs });
  }

  async function measureSmoothness(entry: Entry): Promise<void> {
    if (!PerformanceObserver.supportedEntryTypes.includes('longtask')) return;
    const { interruptions } = page;
    const { blockingMs, longestMs, droppedFrames } = await watchSmoothness(async () => {
      const endMs = performance.now() + LIMITS.smoothnessMs;
      while (performance.now() < endMs) await time(entry);
    });
    // A hidden page has no frames: what was counted says nothing.
    if (page.interruptions !== interruptions) return;
    const stretchMs = LIMITS.smoothnessMs;
    change(entry, { smoothness: { stretchMs, blockingMs, longestMs, droppedFrames } });
  }

  async function measureWarmStart(entry: Entry): Promise<void> {
    const heapBytes = entry.prepared?.heapBytes?.();
    if (heapBytes !== undefined) change(entry, { memoryBytes: heapBytes });
    await dispose(entry);
    const startMs = performance.now();
    const prepared = await prepare(entry);
    await inTime(prepared.run(model.sample(1)), LIMITS.runMs);
    change(entry, { warmStart: startOf(prepared, startMs), state: 'done' });
    await dispose(entry);
  }

  try {
    tell('Starting');
    for (const group of groups) {
      const running = () => group.filter(({ row }) => row.state !== 'failed');
      for (const entry of running()) {
        await step(entry, 'Start', start);
        done += 1;
      }
      for (let turn = 0; turn < LIMITS.turns; turn += 1) {
        for (const entry of inDrawnOrder(running())) await step(entry, 'Latency', measureLatencies);
        done += 1;
      }
      for (const [what, measure] of suites) {
        for (const entry of running()) {
          await step(entry, what, measure);
          done += 1;
        }
      }
    }
  } finally {
    for (const entry of entries) {
      if (entry.row.state === 'waiting' || entry.row.state === 'running')
        change(entry, { state: 'cancelled' });
    }
    done = total;
    tell(signal.aborted ? 'Cancelled' : 'Done');
    await Promise.all(entries.map(dispose));
  }
}

function entryOf(contender: Contender, model: BenchModel): Entry {
  const { id, title, place, isPeer } = contender;
  const named = { id, title, place, isPeer } as const;
  const unfit = contender.unfit(model);
  const rest = {
    contender,
    prepared: undefined,
    samples: noSamples(),
    warmUp: { runs: 0, isSteady: false },
  };
  if (unfit) {
    const problem = { code: 'unfit', message: unfit };
    return { ...rest, row: { ...named, state: 'skipped', problem } };
  }
  if (model.refusal) return { ...rest, row: { ...named, state: 'failed', problem: model.refusal } };
  return { ...rest, row: { ...named, state: 'waiting' } };
}

/** All take turns, unless the device has no room for so many of the model: then one row follows another. */
function groupsOf(entries: readonly Entry[], { sizeBytes }: BenchModel): readonly Entry[][] {
  if (sizeBytes > LIMITS.togetherBytes) return entries.map((entry) => [entry]);
  return entries.length > 0 ? [[...entries]] : [];
}

function change(entry: Entry, changed: Partial<ResultRow>): void {
  entry.row = { ...entry.row, ...changed };
}

async function dispose(entry: Entry): Promise<void> {
  const { prepared } = entry;
  entry.prepared = undefined;
  await prepared?.dispose().catch(() => {}); // a worker that is lost has nothing to give back
}

function startOf({ stages }: Prepared, startMs: number): Start {
  return { totalMs: performance.now() - startMs, stages: { ...stages } };
}

function latencyOf({ times, thrownAway }: Samples, { runs, isSteady }: WarmUp): Latency {
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
    warmUpRuns: runs,
    isSteady,
  };
}

/** A row that always came after the same one would pay for what that one left behind. */
function inDrawnOrder<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** @throws BenchError `timeout` */
function inTime<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new BenchError('timeout', `Expected an answer within ${limitMs / 1000} s, got none.`),
        ),
      limitMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function abortable<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
