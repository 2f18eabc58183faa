import { isNearsideError, type ModelSpec } from '@nearside/core';
import type { ModelEmitter } from '../events.js';
import type { FailedRun } from '../fallback/fallback.js';
import type { Input } from '../input.js';
import { loadLater } from '../later/load-later.js';
import type { RunOptions, RunResult } from '../model.js';
import { areOptions, NO_OPTIONS, ownOptions } from '../options/option-rules.js';
import type { RunReply } from '../protocol.js';
import { DEFAULT_PRIORITY } from '../scheduler/priority.js';
import type { RunQueue } from '../scheduler/run-queue.js';
import { batchKey } from './batch-key.js';
import type { Handover, Shift } from './handover.js';
import type { HeldStream, QueuedRun } from './post-batch.js';
import type { RecentRuns } from './recent-runs.js';
import { RUN_RULES } from './run-options.js';
import type { snapshotCustom } from './snapshot-custom.js';
import { releaseSnapshot, type SnapshotOptions, snapshotInput } from './snapshot-input.js';

export interface RunnerOptions {
  readonly handover: Handover;
  readonly queue: RunQueue<QueuedRun, RunReply>;
  readonly recent: RecentRuns;
  readonly emitter: ModelEmitter;
  /** Why runs are refused now, if they are: the model was closed or revoked. */
  readonly refusal: () => Refusal | undefined;
  /** Has the app's own function answer, where it has one and the failure is one of that kind. */
  readonly fallBack: ((failed: FailedRun) => Promise<RunResult | undefined>) | undefined;
  readonly snapshotCustom: typeof snapshotCustom | undefined;
}

export interface Refusal {
  readonly reason: unknown;
  /** The caller closed it: no error of ours. */
  readonly isOwn: boolean;
}

/** One of a series, a stream's frame or an input of a `score`: of its like there are few at a time. */
export interface SeriesItem {
  /** The input as it was when it came. @throws what was wrong with it */
  take(): QueuedRun['input'];
  /** What the app's own function would answer. */
  readonly input: Input | undefined;
  /** Where the model has state; the frames of a stream run in order. */
  readonly held: HeldStream | undefined;
  /** Frames with state that may cross together. */
  readonly together: number | undefined;
}

/** One call, of `run` or for an item. */
interface Call {
  readonly take: (spec: ModelSpec) => QueuedRun['input'];
  readonly options: RunOptions;
  readonly item: SeriesItem | undefined;
  /** What the app's own function would answer. */
  readonly input?: Input | undefined;
}

/** What is wrong with an input is said by the second chunk. */
const refuse: SnapshotOptions['refuse'] = async (...refused) =>
  (await loadLater()).refuseInput(...refused);

/** Takes an input as it is at the call, queues it, has it run, and counts how that ended. */
export function createRunner({
  handover,
  queue,
  recent,
  emitter,
  refusal,
  fallBack,
  snapshotCustom: custom,
}: RunnerOptions) {
  let runs = 0;

  async function run(input: Input, given: RunOptions = NO_OPTIONS): Promise<RunResult> {
    const options = ownOptions(given);
    const transfer = options?.transfer ?? false;
    const take = (spec: ModelSpec) => snapshotInput(input, spec, { transfer, custom, refuse });
    return start({ take, options, input, item: undefined });
  }

  async function start({ take, options, item, input }: Call): Promise<RunResult> {
    const calledMs = performance.now();
    if (!areOptions(options, RUN_RULES)) (await loadLater()).checkRunOptions(options);
    options.signal?.throwIfAborted();
    const refused = refusal();
    if (refused?.isOwn) throw refused.reason;
    const id = recent.nextId();
    let work: QueuedRun | undefined;
    const serving = () => item?.held?.shift ?? handover.current;
    const taken = () => work?.shift ?? serving();
    try {
      if (refused) throw refused.reason;
      if (!item) queue.requireRoom(); // before anything is taken from the caller
      const { spec } = serving().serving.version;
      const { topK, priority = DEFAULT_PRIORITY, transfer: isGiven = false } = options;
      work = { input: take(spec), isGiven, topK, priority, stream: item?.held };
      if (work.input instanceof Promise) work.input.catch(() => {}); // heard in its turn
      const answer = await wait(work, { spec, options, item });
      return finish(id, { answer, shift: taken(), totalMs: performance.now() - calledMs });
    } catch (error) {
      const { signal } = options;
      const shift = taken();
      const failNow = (error: unknown) =>
        fail(id, { error, shift, signal, totalMs: performance.now() - calledMs });
      const failed = { id, options, error, shift, calledMs, cold: runs === 0 };
      const answer = input && (await fallBack?.({ ...failed, input, fail: failNow }));
      if (!answer) {
        failNow(error);
        throw error;
      }
      runs += 1;
      return answer;
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

  function finish(
    id: string,
    { answer, shift, totalMs }: { answer: RunReply; shift: Shift; totalMs: number },
  ): RunResult {
    const { output, observation, batch, times } = answer;
    const { version, variant, backend, loaded } = shift.serving;
    const cold = runs === 0;
    runs += 1;
    // Everything that is not a stage of its own: waiting here, the hop, waiting there.
    const queueMs = Math.max(0, totalMs - times.pre - times.run - times.post);
    const durations = { total: totalMs, queue: queueMs, ...times };
    shift.recorder.ran(durations, observation);
    recent.remember(id, { recorder: shift.recorder, observation });
    emitter.emit('run-end', { id, ok: true, totalMs });
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

  /** A caller that aborts or closes has changed its mind, which is no error of ours. */
  function fail(
    id: string,
    {
      error,
      shift: { recorder },
      signal,
      totalMs,
    }: { error: unknown; shift: Shift; signal: AbortSignal | undefined; totalMs: number },
  ): void {
    const closed = refusal();
    const own =
      (closed?.isOwn && error === closed.reason) ||
      (signal?.aborted === true && error === signal.reason);
    const code = isNearsideError(error) ? error.code : 'backend-failed';
    if (own) recorder.aborted();
    else recorder.failed(code);
    emitter.emit('run-end', { id, ok: false, totalMs, ...(!own && { code }) });
  }

  const runItem = (item: SeriesItem, options: RunOptions) =>
    start({ take: item.take, input: item.input, options: ownOptions(options), item });
  return { run, runItem };
}
