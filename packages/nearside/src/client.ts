import { isNearsideError, NearsideError, quantile, type Store } from '@nearside/core';
import type { ModelEmitter } from './events.js';
import type { Input } from './input.js';
import { LIBRARY_VERSION } from './library-version.js';
import type { Model, ModelStats, OpeningStats, RunOptions, RunResult } from './model.js';
import type { OpenedCandidate } from './open-candidate.js';
import type { OpenPlan } from './open-options.js';
import type { RunReply } from './protocol.js';
import { createRecentRuns } from './recent-runs.js';
import { checkRunOptions } from './run-options.js';
import { createRunQueue } from './scheduler/run-queue.js';
import { type InputSnapshot, releaseSnapshot, snapshotInput } from './snapshot-input.js';
import { deviceClass } from './telemetry/device-class.js';
import type { InstallIdentity } from './telemetry/install-identity.js';
import { createRecorder } from './telemetry/recorder.js';

export interface ModelParts extends OpenedCandidate {
  readonly plan: OpenPlan;
  readonly reports: Store;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
}

/** The main-thread side of an open model: it keeps the queue and the counters, and nothing else. */
export function createModel(parts: ModelParts): Model {
  const { connection, version, variant, backend, emitter, plan } = parts;
  const { spec, release } = version;
  const queue = createRunQueue();
  const recent = createRecentRuns();
  const opening = describeOpening(parts);
  const recorder = createRecorder({
    target: plan.report,
    store: parts.reports,
    identity: parts.identity,
    driftEdges: version.driftEdges,
    dimensions: {
      model: release.model,
      version: release.version,
      manifest: version.manifestSha256,
      library: LIBRARY_VERSION,
      variant: variant.name,
      backend,
      device: deviceClass(),
      arm: version.arm,
    },
    onSent: (id) => emitter.emit('report-sent', { id }),
    onDropped: (id, reason) => emitter.emit('report-dropped', { id, reason }),
  });
  recorder.opened(opening, { quarantined: parts.quarantined });

  let runs = 0;
  let closed: NearsideError | undefined;
  let closing: Promise<void> | undefined;
  let updating: ReturnType<Model['update']> | undefined;

  async function run(input: Input, options: RunOptions = {}): Promise<RunResult> {
    const calledMs = performance.now();
    checkRunOptions(options);
    options.signal?.throwIfAborted();
    if (closed) throw closed;
    const id = recent.nextId();
    try {
      const snapshot = snapshotInput(input, spec, { transfer: options.transfer ?? false });
      const answer = await post(snapshot, options);
      return finish(id, answer, performance.now() - calledMs);
    } catch (error) {
      fail(id, { error, signal: options.signal, totalMs: performance.now() - calledMs });
      throw error;
    }
  }

  async function post(
    snapshot: InputSnapshot | Promise<InputSnapshot>,
    { priority = 'normal', signal, timeoutMs, topK }: RunOptions,
  ): Promise<RunReply> {
    let started = false;
    const start = async () => {
      started = true;
      const { input, transfer } = await snapshot;
      return connection.run({ input, topK }, transfer);
    };
    try {
      return await queue.add({ priority, signal, timeoutMs, start });
    } finally {
      // An element's picture may turn out broken while nobody waits for it any more.
      if (!started) void Promise.resolve(snapshot).then(releaseSnapshot, () => {});
    }
  }

  function finish(id: string, answer: RunReply, totalMs: number): RunResult {
    const { output, observation, times } = answer;
    const cold = runs === 0;
    runs += 1;
    // Everything that is not a stage of its own: waiting here, the hop, waiting there.
    const queueMs = Math.max(0, totalMs - times.pre - times.run - times.post);
    const durations = { total: totalMs, queue: queueMs, ...times };
    recorder.ran(durations, observation);
    recent.remember(id, observation);
    emitter.emit('run-end', { id, ok: true, totalMs });
    return {
      output,
      meta: {
        id,
        model: release.model,
        version: release.version,
        variant: variant.name,
        backend,
        queueMs,
        preMs: times.pre,
        runMs: times.run,
        postMs: times.post,
        batch: 1,
        cold,
      },
    };
  }

  /** A caller that aborts or closes has changed its mind, which is no error of ours. */
  function fail(
    id: string,
    {
      error,
      signal,
      totalMs,
    }: { error: unknown; signal: AbortSignal | undefined; totalMs: number },
  ): void {
    const own = error === closed || (signal?.aborted === true && error === signal.reason);
    const code = isNearsideError(error) ? error.code : 'backend-failed';
    if (own) recorder.aborted();
    else recorder.failed(code);
    emitter.emit('run-end', { id, ok: false, totalMs, ...(!own && { code }) });
  }

  function stats(): ModelStats {
    const { lifetime } = recorder;
    const { total } = lifetime.latency;
    return {
      model: release.model,
      version: release.version,
      variant: variant.name,
      backend,
      ok: lifetime.ok,
      errors: Object.fromEntries(lifetime.errors),
      aborted: lifetime.aborted,
      invalid: lifetime.invalid,
      waiting: queue.waiting,
      latencyMs: {
        p50: quantile(total, 0.5),
        p95: quantile(total, 0.95),
        p99: quantile(total, 0.99),
      },
      opening,
      reports: recorder.reports,
    };
  }

  async function close(): Promise<void> {
    closed ??= closedError(release.model);
    queue.close(closed);
    connection.close(closed);
    closing ??= recorder.close().then(() => parts.reports.close());
    return closing;
  }

  return {
    run: run as Model['run'],
    stats,
    close,
    on: emitter.on,
    feedback(id, truth) {
      if (typeof truth?.label !== 'string') {
        throw new TypeError('feedback: expected { label: string } as the truth');
      }
      recorder.feedback(recent.recall(id), truth.label);
    },
    async update() {
      if (closed) throw closed;
      updating ??= connection.update().finally(() => {
        updating = undefined;
      });
      return updating;
    },
    [Symbol.asyncDispose]: close,
  };
}

function describeOpening({ version, loaded, metadataMs, startMs }: ModelParts): OpeningStats {
  return {
    origin: version.origin,
    totalMs: performance.now() - startMs,
    steps: { ...loaded.times, metadata: metadataMs },
    fetchedBytes: loaded.fetchedBytes,
    healedChunks: loaded.healedChunks,
  };
}

function closedError(model: string): NearsideError {
  return new NearsideError('closed', `Expected an open model, got ${model} after close().`, {
    details: { model },
  });
}
