import type { StorageReport } from '@nearside/artifact';
import { NearsideError, quantile, type Store } from '@nearside/core';
import type { ModelEmitter } from './events.js';
import { explainBackend } from './explain-backend.js';
import { createHandover, type Shift } from './handover.js';
import { keepCurrent } from './keep-current.js';
import type { Model, ModelStats, OpeningStats, StorageOptions } from './model.js';
import type { OpenPlan } from './open-options.js';
import { poolServing } from './pooled-connection.js';
import { postBatch, type QueuedRun } from './post-batch.js';
import { profileModel } from './profile-model.js';
import type { RunReply } from './protocol.js';
import { createRecentRuns } from './recent-runs.js';
import { takeResidence } from './resident-model.js';
import { createReviver } from './revive-worker.js';
import { createRunner } from './run-model.js';
import { createRunQueue } from './scheduler/run-queue.js';
import { scoreAll } from './score-all.js';
import type { Serving } from './serving.js';
import { releaseSnapshot } from './snapshot-input.js';
import type { InstallIdentity } from './telemetry/install-identity.js';
import { recordVersion } from './telemetry/record-version.js';
import { createReportTotals } from './telemetry/reporter.js';
import { createTally } from './telemetry/tally.js';

export interface ModelParts {
  readonly serving: Serving;
  readonly plan: OpenPlan;
  readonly reports: Store;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
}

/** The main-thread side of an open model. Everything that computes is in workers. */
export function createModel(parts: ModelParts): Model {
  const { emitter, plan, serving: first } = parts;
  const { model } = first.version.release;
  const recent = createRecentRuns();
  const opening = describeOpening(parts);
  const recording = { ...parts, lifetime: createTally(), totals: createReportTotals() };
  const revive = createReviver(parts);
  const handover = createHandover(startShift(first), {
    emitter,
    revive: async (lost) => startShift(await revive(lost)),
  });
  handover.current.recorder.opened(opening, { quarantined: first.quarantined.length });
  const { max: maxBatch = 1, maxDelayMs = 0 } = first.version.spec.batch ?? {};
  const workers = () => handover.current.serving.connection.workers.length || 1;
  const queue = createRunQueue<QueuedRun, RunReply>({
    discard: ({ input }) => releaseSnapshot(input),
    post: (runs) => postBatch(runs, { handover, watchdogMs: plan.policy.watchdogMs }),
    ...{ maxBatch, maxDelayMs, workers },
  });
  const keeper = keepCurrent({ ...parts, handover, recording, startShift });
  const runner = createRunner({ handover, queue, recent, emitter, refusal });
  const residence = takeResidence({
    ...{ name: model, engine: plan.engine, handover, close },
    isBusy: () => queue.waiting > 0 || keeper.isLooking,
  });
  const run: typeof runner = (input, options) => runner(input, options).finally(residence.used);
  let closed: NearsideError | undefined;
  let closing: Promise<void> | undefined;

  function startShift(started: Serving): Shift {
    const { version, backend, variant } = started;
    const isPooled = plan.engine.pool.max > 1;
    const serving = isPooled
      ? poolServing(started, { ...parts, waiting: () => queue.waiting })
      : started;
    const recorder = recordVersion(recording, { version, backend, variant: variant.name });
    return { serving, recorder };
  }

  function refusal() {
    if (closed) return { reason: closed, isOwn: true };
    return keeper.revoked && { reason: keeper.revoked, isOwn: false };
  }

  function stats(): ModelStats {
    const { lifetime, totals } = recording;
    const { version, variant, backend, loaded, connection } = handover.current.serving;
    const { total } = lifetime.latency;
    return {
      model,
      version: version.release.version,
      variant: variant.name,
      backend,
      threads: loaded.threads,
      hardware: loaded.hardware,
      workers: handover.isResting ? 0 : connection.workers.length,
      heapBytes: connection.workers.reduce((sum, { heapBytes }) => sum + heapBytes, 0) || undefined,
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
      reports: plan.report && { ...totals },
    };
  }

  async function storage({ persist = false }: StorageOptions = {}): Promise<StorageReport> {
    if (closed) throw closed;
    // Asked of the page itself, because a worker cannot show the question a browser may have.
    if (persist) await globalThis.navigator?.storage?.persist?.();
    const { serving } = await handover.awake();
    return serving.connection.storage();
  }

  async function close(): Promise<void> {
    closed ??= closedError(model);
    residence.leave();
    keeper.close(closed);
    queue.close(closed);
    closing ??= handover.close(closed).then(() => parts.reports.close());
    return closing;
  }

  return {
    run: run as Model['run'],
    score: (inputs, options) => scoreAll(run, inputs, options),
    stats,
    storage,
    profile: (input, options) => profileModel(run, input, options),
    explainBackend: () => explainBackend(handover.current.serving, plan.backends),
    close,
    on: emitter.on,
    feedback(id, truth) {
      if (typeof truth?.label !== 'string') {
        throw new TypeError('feedback: expected { label: string } as the truth');
      }
      handover.current.recorder.feedback(recent.recall(id), truth.label);
    },
    async warm() {
      if (closed) throw closed;
      await handover.run(({ serving }) => serving.connection.warm());
      residence.used();
    },
    async update() {
      if (closed) throw closed;
      return keeper.update();
    },
    [Symbol.asyncDispose]: close,
  };
}

function describeOpening({ serving, startMs }: ModelParts): OpeningStats {
  const { version, loaded, metadataMs } = serving;
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
