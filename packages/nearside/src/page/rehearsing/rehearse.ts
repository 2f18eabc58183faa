import { NearsideError, type TensorSpec, type Tensors } from '@nearside/core';
import type { AvailableBackend } from '../../shared/api/backends.js';
import type { UnsignedModel } from '../../shared/protocol.js';
import { BESIDE, load, type ModelContext, openOn, startOnceFetched } from '../serving/serving.js';
import { type Connection, endingOnFailure } from '../workers/connection.js';

/** No run begins after this share of the budget: the last one has to end within the rest. */
const FOR_RUNS = 0.8;

/** One model as a worker loads it: its spec, and files with weights of whatever kind. */
export interface RehearsedModel extends Pick<UnsignedModel, 'files' | 'spec'> {
  /** Makes the inputs that a caller would give, once it is known which there are. */
  inputsOf(declared: readonly TensorSpec[]): Tensors;
}

export interface Rehearsed {
  /** Median of a run's time, ms. */
  readonly medianMs: number;
  readonly heapBytes: number | undefined;
  readonly threads: number;
}

/** The time that a rehearsal may still take, ms. Only starting and running count, no download. */
export interface RehearsalBudget {
  leftMs: number;
}

/**
 * Loads a model on a backend in a worker of its own, runs it until runs stop getting faster, and times it. The worker is
 * ended, however that goes.
 *
 * @throws `signal.reason`; NearsideError `deadline` when the budget is spent before a run has ended; backend and
 *   environment codes
 */
export async function rehearse(
  backend: AvailableBackend,
  { files, spec, inputsOf }: RehearsedModel,
  {
    budget,
    signal,
    ...context
  }: ModelContext & { readonly budget: RehearsalBudget; readonly signal: AbortSignal | undefined },
): Promise<Rehearsed> {
  const { plan } = context;
  const policy = { ...plan.policy, warmUpMs: budget.leftMs };
  const unsigned = { files, spec, fetchedBytes: 0, wantsComparison: false };
  const own = { ...context, plan: { ...plan, policy, unsigned } };
  const which = { kind: 'active' } as const;
  const opened = await openOn(backend, own, { ...BESIDE, which, isSure: true, signal });
  const [variant] = opened?.version.spec.variants ?? [];
  if (!opened || !variant) throw spent(backend); // files always are a version with a variant
  const { connection, fetched } = opened;
  let startMs: number | undefined;
  void fetched.then(() => {
    startMs = performance.now();
  });
  const stopTimer = startOnceFetched(fetched, budget.leftMs, () => connection.kill(spent(backend)));
  try {
    return await endingOnFailure(connection, signal, async () => {
      const { loaded, version } = await load(opened, variant, { signal });
      const endMs = (startMs ?? performance.now()) + budget.leftMs * FOR_RUNS;
      const medianMs = await timeRuns(connection, inputsOf(version.spec.inputs), endMs);
      const { heapBytes = 0 } = connection.workers[0] ?? {};
      return { medianMs, heapBytes: heapBytes || undefined, threads: loaded.threads };
    });
  } finally {
    stopTimer();
    if (startMs !== undefined) budget.leftMs -= performance.now() - startMs;
    void connection.close(undefined);
  }
}

/** @returns median of a run's time, ms */
async function timeRuns(connection: Connection, tensors: Tensors, endMs: number): Promise<number> {
  let runs = 0;
  return timeUntilSteady(async () => {
    const inputs = [{ input: { kind: 'tensors', tensors } as const }];
    runs += 1;
    const answer = await connection.run({ id: -runs, inputs }, { transfer: [], onBegun() {} });
    const reply = answer.kind === 'done' ? answer.replies[0] : undefined;
    if (reply?.ok) return reply.value.times.run;
    const { code = 'backend-failed', message = 'no answer' } = reply?.error ?? {};
    throw new NearsideError(code, message);
  }, endMs);
}

function spent(backend: AvailableBackend): NearsideError {
  return new NearsideError(
    'deadline',
    `${backend}: expected it to start and run within \`maxMs\`, got no answer by then.`,
    { details: { backend }, retryable: true },
  );
}

/** Short runs are timed together for so long, ms: a clock outside isolated pages ticks in tenths of a millisecond. */
const BURST_MS = 4;

/** A clock that stands still must not keep a burst going. */
const MOST_IN_BURST = 100;

/**
 * Runs are steady when for so long, and for so many, none was shorter by this share than the shortest before. Browsers
 * optimise the code of a runtime in steps, some of them after a dozen runs, and other work of the machine only ever
 * makes runs longer.
 */
const STEADY_MS = 1_000;
const STEADY_BURSTS = 15;
const STEP = 0.05;

/**
 * Times runs until they stop getting faster.
 *
 * @param run does one. @returns its time, ms
 * @param endMs no run begins after that but a first one, by `performance.now()`
 * @returns the middle of runs' times since the last step, ms
 */
export async function timeUntilSteady(run: () => Promise<number>, endMs: number): Promise<number> {
  const isOver = () => performance.now() >= endMs;

  /** @returns the times of some runs, ms */
  async function burst(): Promise<number[]> {
    const times: number[] = [];
    let sumMs = 0;
    do {
      const ms = await run();
      times.push(ms);
      sumMs += ms;
    } while (sumMs < BURST_MS && times.length < MOST_IN_BURST && !isOver());
    return times;
  }

  let steady: number[][] = [];
  let shortest = Number.POSITIVE_INFINITY;
  let sinceMs = performance.now();
  const isSteady = () => steady.length >= STEADY_BURSTS && performance.now() - sinceMs >= STEADY_MS;
  do {
    const times = await burst();
    const ms = middle(times);
    if (ms < shortest * (1 - STEP)) {
      steady = [];
      shortest = ms;
      sinceMs = performance.now();
    }
    steady.push(times);
  } while (!isSteady() && !isOver());
  return middle(steady.flat());
}

/** The mean of the middle half. Like a median it ignores unusual runs, and it is finer than the ticks of the clock. */
function middle(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  const half = sorted.slice(quarter, sorted.length - quarter);
  return half.reduce((sum, ms) => sum + ms, 0) / half.length;
}
