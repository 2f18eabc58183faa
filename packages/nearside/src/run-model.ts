import { isNearsideError, type ModelSpec } from '@nearside/core';
import { batchKey } from './batch-key.js';
import type { ModelEmitter } from './events.js';
import type { Handover, Shift } from './handover.js';
import type { Input } from './input.js';
import type { RunOptions, RunResult } from './model.js';
import type { QueuedRun } from './post-batch.js';
import type { RunReply } from './protocol.js';
import type { RecentRuns } from './recent-runs.js';
import { checkRunOptions } from './run-options.js';
import type { RunQueue } from './scheduler/run-queue.js';
import { releaseSnapshot, snapshotInput } from './snapshot-input.js';

export interface RunnerOptions {
  readonly handover: Handover;
  readonly queue: RunQueue<QueuedRun, RunReply>;
  readonly recent: RecentRuns;
  readonly emitter: ModelEmitter;
  /** Why runs are refused now, if they are: the model was closed or revoked. */
  readonly refusal: () => Refusal | undefined;
}

export interface Refusal {
  readonly reason: unknown;
  /** The caller closed it: no error of ours. */
  readonly isOwn: boolean;
}

/** Takes an input as it is at the call, queues it, has it run, and counts how that ended. */
export function createRunner({ handover, queue, recent, emitter, refusal }: RunnerOptions) {
  let runs = 0;

  async function run(input: Input, options: RunOptions = {}): Promise<RunResult> {
    const calledMs = performance.now();
    checkRunOptions(options);
    options.signal?.throwIfAborted();
    const refused = refusal();
    if (refused?.isOwn) throw refused.reason;
    const id = recent.nextId();
    let work: QueuedRun | undefined;
    const taken = () => work?.shift ?? handover.current;
    try {
      if (refused) throw refused.reason;
      const { spec } = handover.current.serving.version;
      const snapshot = snapshotInput(input, spec, { transfer: options.transfer ?? false });
      const { topK, priority = 'normal', transfer: isGiven = false } = options;
      work = { input: snapshot, isGiven, topK, priority };
      const answer = await wait(work, spec, options);
      return finish(id, { answer, shift: taken(), totalMs: performance.now() - calledMs });
    } catch (error) {
      const totalMs = performance.now() - calledMs;
      fail(id, { error, shift: taken(), signal: options.signal, totalMs });
      throw error;
    }
  }

  async function wait(
    work: QueuedRun,
    spec: ModelSpec,
    { priority = 'normal', signal, timeoutMs, terminate }: RunOptions,
  ): Promise<RunReply> {
    const key = batchKey(work.input, spec);
    try {
      return await queue.add({ work, priority, batchKey: key, signal, timeoutMs, terminate });
    } finally {
      if (!work.shift) releaseSnapshot(work.input);
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
    recent.remember(id, observation);
    emitter.emit('run-end', { id, ok: true, totalMs });
    return {
      output,
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

  return run;
}
