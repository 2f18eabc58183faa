import { isNearsideError, type ModelSpec, type NearsideError } from '@nearside/core';
import type { Input, RunMeta, RunOptions, RunResult } from '../../shared/api/run.js';
import type { EndedRun, RunObserver } from '../../shared/ended-run.js';
import { areOptions, NO_OPTIONS, ownOptions } from '../../shared/option-kinds.js';
import type { RunReply, WireInput } from '../../shared/protocol.js';
import { DEFAULT_PRIORITY } from '../../shared/ranking.js';
import { RUN_KINDS } from '../options/call-options.js';
import type { checkRunOptions } from '../options/later/check-calls.js';
import type { Handover } from '../serving/handover.js';
import type { Serving } from '../serving/serving.js';
import type { HeldStream, QueuedRun } from './post-batch.js';
import type { RunQueue } from './run-queue.js';
import {
  releaseSnapshot,
  type SnapshotOptions,
  type SnapshotOther,
  snapshotInput,
} from './snapshot-input.js';

/** Helps a call that is wrong or unlucky. It is in the second part. */
export interface RunHelp {
  readonly checkRunOptions: typeof checkRunOptions;
  /** @throws NearsideError for an input that does not fit, or could not be taken for `cause` */
  refuseInput(input: unknown, spec: ModelSpec, cause?: unknown): never;
}

/** A run that has failed, before anybody is told. */
export interface FailedRun {
  readonly id: string;
  readonly input: Input;
  readonly options: RunOptions;
  readonly error: unknown;
  /** The version that had the run. */
  readonly serving: Serving;
  readonly calledMs: number;
  readonly cold: boolean;
}

export interface RunnerOptions {
  readonly handover: Handover;
  readonly queue: RunQueue<QueuedRun, RunReply>;
  /** Told of every run that ended, in this order. */
  readonly observers: readonly RunObserver[];
  /** Aborted with the error that calls get after `close()`. */
  readonly closing: AbortSignal;
  /** The error of runs while nothing may serve: the version is revoked, or no backend serves it. */
  readonly refusal: (
    input?: Input,
  ) => NearsideError | undefined | Promise<NearsideError | undefined>;
  readonly help: () => Promise<RunHelp>;
  /** Has the app's own function answer, where it has one and the failure is one of that kind. */
  readonly fallBack: ((failed: FailedRun) => Promise<RunResult | undefined>) | undefined;
  /** Takes what is neither tensors nor a picture. */
  readonly takeOther: SnapshotOther | undefined;
}

/** The state that the runs of one open model share. */
export interface Runner extends RunnerOptions {
  /** Ids of runs begin with it: they differ from those of any other visit. */
  readonly visit: string;
  /** Runs that were given an id. */
  count: number;
  /** No run has had a result yet. */
  isCold: boolean;
  readonly refuse: SnapshotOptions['refuse'];
}

export function createRunner(options: RunnerOptions): Runner {
  const { help } = options;
  return {
    ...options,
    visit: crypto.randomUUID().slice(0, 8),
    count: 0,
    isCold: true,
    refuse: async (...refused) => (await help()).refuseInput(...refused),
  };
}

/** A stream's frame or an input of a `score`: there are few of a series at a time. */
export interface SeriesItem {
  /** The input as it was when it came. @throws what was wrong with it */
  take(): QueuedRun['input'];
  /** The input that the app's own function would answer. */
  readonly input: Input | undefined;
  /** The stream that carries state or left-over sound on: its frames run in order. */
  readonly held: HeldStream | undefined;
  /** Such frames that may cross together. */
  readonly together: number | undefined;
  readonly series: 'score' | 'stream';
}

interface GivenCall {
  readonly take: (spec: ModelSpec, options: RunOptions) => QueuedRun['input'];
  /** The input that the app's own function would answer. */
  readonly input: Input | undefined;
  /** Undefined for a call of `run`. */
  readonly item: SeriesItem | undefined;
}

/** One call from its beginning to its end. */
interface Call extends GivenCall {
  readonly id: string;
  readonly options: RunOptions;
  readonly calledMs: number;
  /** Calls that were before it in the queue. */
  readonly waiting: number;
  /** Undefined until the input is taken. */
  work: QueuedRun | undefined;
}

/** Takes an input as it is at the call, queues it, has it run, and tells how that ended. */
export function run(
  runner: Runner,
  input: Input,
  given: RunOptions = NO_OPTIONS,
): Promise<RunResult> {
  const { takeOther, refuse } = runner;
  const take = (spec: ModelSpec, { transfer = false }: RunOptions) =>
    snapshotInput(input, spec, { transfer, takeOther, refuse });
  return perform(runner, { take, input, item: undefined }, given);
}

/** The same for one of a series, whose input is taken already. */
export function runItem(runner: Runner, item: SeriesItem, options: RunOptions): Promise<RunResult> {
  return perform(runner, { ...item, item }, options);
}

async function perform(
  runner: Runner,
  { take, input, item }: GivenCall,
  givenOptions: RunOptions,
): Promise<RunResult> {
  const calledMs = performance.now();
  const options = ownOptions(givenOptions);
  if (!areOptions(options, RUN_KINDS)) (await runner.help()).checkRunOptions(options);
  options.signal?.throwIfAborted();
  runner.closing.throwIfAborted();
  runner.count += 1;
  const id = `${runner.visit}-${runner.count}`;
  const { waiting } = runner.queue;
  const call: Call = { take, input, item, id, options, calledMs, waiting, work: undefined };
  let reply: RunReply;
  try {
    const refusal = runner.refusal(input);
    if (refusal) throw await refusal;
    reply = await enqueue(runner, call);
  } catch (error) {
    return fail(runner, call, error);
  }
  return succeed(runner, call, reply);
}

/** Takes the input. @returns its reply */
function enqueue(runner: Runner, call: Call): Promise<RunReply> {
  const { queue } = runner;
  const { options, item } = call;
  if (!item) queue.requireRoom(); // before anything is taken from the caller
  const { spec } = servingOf(runner, call).version;
  const { topK, priority = DEFAULT_PRIORITY, transfer: isGiven = false } = options;
  const input = call.take(spec, options);
  if (input instanceof Promise) input.catch(() => {}); // the batch hears it in its turn
  const work: QueuedRun = { input, isGiven, topK, priority, stream: item?.held };
  call.work = work;
  const { signal, timeoutMs, terminate } = options;
  return queue.add({
    work,
    priority,
    signal,
    timeoutMs,
    terminate,
    isBounded: item !== undefined,
    batchKey: item?.held ? `stream ${item.held.id}` : batchKey(input, spec),
    maxBatch: item?.held && item.together,
  });
}

function succeed(runner: Runner, call: Call, reply: RunReply): RunResult {
  const totalMs = performance.now() - call.calledMs;
  const { pre, run, post } = reply.times;
  const queueMs = Math.max(0, totalMs - pre - run - post);
  const cold = runner.isCold;
  runner.isCold = false;
  const result = resultOf(reply, { id: call.id, serving: servingOf(runner, call), queueMs, cold });
  tell(runner, call, { kind: 'ok', reply, queueMs }, result.meta, totalMs);
  return result;
}

/**
 * Without the app's function nothing is awaited before observers are told: a model that closes counts the runs that it
 * ends, and then seals its reports.
 */
async function fail(runner: Runner, call: Call, error: unknown): Promise<RunResult> {
  const { fallBack, isCold: cold } = runner;
  const { input, work } = call;
  if (work && !work.isPosted) releaseSnapshot(work.input); // no worker gets it
  const failureOf = (thrown: unknown): EndedRun['outcome'] => {
    if (isOwn(runner, call, thrown)) return { kind: 'aborted' };
    return { kind: 'failed', code: isNearsideError(error) ? error.code : 'backend-failed', error };
  };
  if (fallBack && input !== undefined) {
    const serving = servingOf(runner, call);
    const failed = { ...call, input, error, serving, cold };
    const answer = await fallBack(failed).catch((thrown) => {
      tell(runner, call, failureOf(thrown));
      throw thrown;
    });
    if (answer) {
      runner.isCold = false;
      tell(runner, call, { kind: 'fell-back', error }, answer.meta);
      return answer;
    }
  }
  tell(runner, call, failureOf(error));
  throw error;
}

/** A caller that aborts or closes has changed its mind, which is no error of ours. */
function isOwn({ closing }: Runner, { options }: Call, error: unknown): boolean {
  return [closing, options.signal].some((left) => left?.aborted && error === left.reason);
}

/** The version that has the call; the present one while none has it. */
function servingOf({ handover }: Runner, { work, item }: Call): Serving {
  return work?.serving ?? item?.held?.serving ?? handover.current;
}

function tell(
  runner: Runner,
  call: Call,
  outcome: EndedRun['outcome'],
  meta?: RunMeta,
  totalMs = performance.now() - call.calledMs,
): void {
  const { id, waiting, item, options } = call;
  const served = servingOf(runner, call);
  const series = item?.series;
  const { traceparent } = options;
  for (const observe of runner.observers) {
    observe({ id, served, totalMs, outcome, meta, waiting, series, traceparent });
  }
}

function resultOf(
  { output, batch, times }: RunReply,
  { id, serving, queueMs, cold }: { id: string; serving: Serving; queueMs: number; cold: boolean },
): RunResult {
  const { version, variant, backend, loaded } = serving;
  return {
    output: output as RunResult['output'],
    meta: {
      id,
      model: version.release.model,
      version: version.release.version,
      variant: variant.name,
      backend,
      threads: loaded.threads,
      queueMs,
      preMs: times.pre,
      runMs: times.run,
      postMs: times.post,
      batch,
      cold,
    },
  };
}

/**
 * Inputs with the same key may run together: pictures, which become tensors of one shape, and tensors of a
 * single item with equal shapes.
 *
 * @returns undefined for an input that runs alone
 */
export function batchKey(
  input: WireInput | Promise<WireInput>,
  spec: ModelSpec,
): string | undefined {
  if (!spec.batch) return undefined;
  if (input instanceof Promise || input.kind !== 'tensors') {
    return 'raw'; // the worker runs those of one shape together
  }
  const tensors = Object.entries(input.tensors);
  if (tensors.some(([, { shape }]) => shape[0] !== 1)) return undefined;
  return tensors.map(([name, { shape }]) => name + shape).join();
}
