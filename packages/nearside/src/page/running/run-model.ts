import { isNearsideError, type ModelSpec, type NearsideError } from '@nearside/core';
import { DEFAULT_PRIORITY } from '../../shared/api/priority.js';
import type { Input, RunOptions, RunResult } from '../../shared/api/run.js';
import type { EndedRun, RunObserver } from '../../shared/ended-run.js';
import { areOptions, NO_OPTIONS, ownOptions } from '../../shared/option-rules.js';
import type { RunReply, WireInput } from '../../shared/protocol.js';
import { RUN_RULES } from '../options/call-rules.js';
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

/** What calls need that are not right, or not lucky: it is in the second part. */
export interface RunHelp {
  /** @throws TypeError or RangeError for options that are wrong */
  checkRunOptions(options: RunOptions): void;
  /** @throws NearsideError for an input that does not fit, or could not be taken for `cause` */
  refuseInput(input: unknown, spec: ModelSpec, cause?: unknown): never;
}

/** A run that has failed, before anybody is told. */
export interface FailedRun {
  readonly id: string;
  readonly input: Input;
  readonly options: RunOptions;
  readonly error: unknown;
  /** The version that had it. */
  readonly release: { readonly model: string; readonly version: string };
  readonly calledMs: number;
  readonly cold: boolean;
}

export interface RunnerOptions {
  readonly handover: Handover;
  readonly queue: RunQueue<QueuedRun, RunReply>;
  /** Told of every run that ended, in this order. */
  readonly observers: readonly RunObserver[];
  /** Aborted with what calls get after `close()`. */
  readonly closing: AbortSignal;
  /** What runs fail with while no version may serve that is not revoked. */
  readonly revoked: () => NearsideError | undefined;
  readonly help: () => Promise<RunHelp>;
  /** Has the app's own function answer, where it has one and the failure is one of that kind. */
  readonly fallBack: ((failed: FailedRun) => Promise<RunResult | undefined>) | undefined;
  /** Takes what is neither tensors nor a picture. */
  readonly takeOther: SnapshotOther | undefined;
}

/** One of a series, a stream's frame or an input of a `score`: of its like there are few at a time. */
export interface SeriesItem {
  /** The input as it was when it came. @throws what was wrong with it */
  take(): QueuedRun['input'];
  /** What the app's own function would answer. */
  readonly input: Input | undefined;
  /** Of a stream that carries state or left-over sound on: its frames run in order. */
  readonly held: HeldStream | undefined;
  /** Such frames that may cross together. */
  readonly together: number | undefined;
  readonly series: 'score' | 'stream';
}

/** One call, of `run` or for an item. */
interface Call {
  readonly take: (spec: ModelSpec) => QueuedRun['input'];
  readonly options: RunOptions;
  readonly item: SeriesItem | undefined;
  /** What the app's own function would answer. */
  readonly input?: Input | undefined;
}

/** Takes an input as it is at the call, queues it, has it run, and tells how that ended. */
export function createRunner({
  handover,
  queue,
  observers,
  closing,
  revoked,
  help,
  fallBack,
  takeOther,
}: RunnerOptions) {
  const refuse: SnapshotOptions['refuse'] = async (...refused) =>
    (await help()).refuseInput(...refused);
  const nextId = createRunIds();
  let isFirst = true;

  async function run(input: Input, given: RunOptions = NO_OPTIONS): Promise<RunResult> {
    const options = ownOptions(given);
    const transfer = options?.transfer ?? false;
    const take = (spec: ModelSpec) => snapshotInput(input, spec, { transfer, takeOther, refuse });
    return start({ take, options, input, item: undefined });
  }

  const runItem = (item: SeriesItem, options: RunOptions) =>
    start({ ...item, options: ownOptions(options), item });

  async function start({ take, options, item, input }: Call): Promise<RunResult> {
    const calledMs = performance.now();
    if (!areOptions(options, RUN_RULES)) (await help()).checkRunOptions(options);
    const {
      signal,
      topK,
      priority = DEFAULT_PRIORITY,
      transfer: isGiven = false,
      traceparent,
    } = options;
    signal?.throwIfAborted();
    closing.throwIfAborted();
    const id = nextId();
    const { waiting } = queue;
    let work: QueuedRun | undefined;
    const serving = () => work?.serving ?? item?.held?.serving ?? handover.current;
    const tell = (outcome: EndedRun['outcome'], totalMs = performance.now() - calledMs) => {
      for (const observe of observers)
        observe({
          id,
          served: serving(),
          totalMs,
          outcome,
          waiting,
          series: item?.series,
          traceparent,
        });
    };
    try {
      const refusal = revoked();
      if (refusal) throw refusal;
      if (!item) queue.requireRoom(); // before anything is taken from the caller
      const { spec } = serving().version;
      work = { input: take(spec), isGiven, topK, priority, stream: item?.held };
      if (work.input instanceof Promise) work.input.catch(() => {}); // heard in its turn
      const reply = await wait(work, { spec, options, item });
      const totalMs = performance.now() - calledMs;
      const { pre, run, post } = reply.times;
      const queueMs = Math.max(0, totalMs - pre - run - post);
      const cold = isFirst;
      isFirst = false;
      tell({ kind: 'ok', reply, queueMs }, totalMs);
      return resultOf(reply, { id, serving: serving(), queueMs, cold });
    } catch (error) {
      if (fallBack && input !== undefined) {
        const { release } = serving().version;
        const failed = { id, input, options, error, release, calledMs, cold: isFirst };
        const answer = await fallBack(failed).catch((thrown) => {
          tell(failureOf(isOwn(thrown, signal) ? thrown : error, signal));
          throw thrown;
        });
        if (answer) {
          isFirst = false;
          tell({ kind: 'fell-back' }, answer.meta.queueMs);
          return answer;
        }
      }
      tell(failureOf(error, signal)); // at once: a model that is closed counts it just in time
      throw error;
    }
  }

  async function wait(
    work: QueuedRun,
    { spec, options, item }: { spec: ModelSpec } & Pick<Call, 'options' | 'item'>,
  ): Promise<RunReply> {
    const { signal, timeoutMs, terminate } = options;
    const limits = { signal, timeoutMs, terminate, isBounded: item !== undefined };
    const together = item?.held
      ? { batchKey: `stream ${item.held.id}`, maxBatch: item.together }
      : { batchKey: batchKey(work.input, spec), maxBatch: undefined };
    try {
      return await queue.add({ work, priority: work.priority, ...limits, ...together });
    } finally {
      if (!work.isPosted) releaseSnapshot(work.input);
    }
  }

  function failureOf(error: unknown, signal: AbortSignal | undefined): EndedRun['outcome'] {
    if (isOwn(error, signal)) return { kind: 'aborted' };
    return { kind: 'failed', code: isNearsideError(error) ? error.code : 'backend-failed' };
  }

  /** A caller that aborts or closes has changed its mind, which is no error of ours. */
  function isOwn(error: unknown, signal: AbortSignal | undefined): boolean {
    return [closing, signal].some((left) => left?.aborted && error === left.reason);
  }

  return { run, runItem };
}

/** Ids of the runs of one open model: unlike those of any other visit. */
function createRunIds(): () => string {
  const visit = crypto.randomUUID().slice(0, 8);
  let count = 0;
  return () => {
    count += 1;
    return `${visit}-${count}`;
  };
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
 * What an input has to share with others to run with them: all pictures, which become tensors of
 * one shape; tensors of a single item with equal shapes.
 *
 * @returns undefined for what runs alone
 */
export function batchKey(
  input: WireInput | Promise<WireInput>,
  spec: ModelSpec,
): string | undefined {
  if (!spec.batch) return undefined;
  if (input instanceof Promise || input.kind !== 'tensors') {
    return 'raw'; // the worker runs together what agrees in its shapes
  }
  const tensors = Object.entries(input.tensors);
  if (tensors.some(([, { shape }]) => shape[0] !== 1)) return undefined;
  return tensors.map(([name, { shape }]) => name + shape).join();
}
