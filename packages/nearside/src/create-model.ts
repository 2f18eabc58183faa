import type { StorageReport } from '@nearside/artifact';
import { NearsideError, quantile, shareOnce } from '@nearside/core';
import type { ModelEmitter } from './events.js';
import { explainBackend } from './explain-backend.js';
import { awaitFirstResult } from './first-result.js';
import { createHandover, type Shift } from './handover.js';
import type { CurrencyKeeper } from './keep-current.js';
import { loadLater } from './load-later.js';
import type { Model, ModelStats, OpeningStats, StorageOptions } from './model.js';
import type { OpenPlan } from './open-options.js';
import { postBatch, type QueuedRun } from './post-batch.js';
import type { RunReply } from './protocol.js';
import { createRecentRuns } from './recent-runs.js';
import type { Residence, TakeResidence } from './resident-model.js';
import { createRunner } from './run-model.js';
import { createRunQueue } from './scheduler/run-queue.js';
import type { Serving } from './serving.js';
import { releaseSnapshot } from './snapshot-input.js';
import type { Reporting } from './telemetry/open-reporting.js';
import { recordVersion } from './telemetry/record-version.js';
import { createReportTotals } from './telemetry/report-totals.js';
import { createTally } from './telemetry/tally.js';

export interface ModelParts {
  readonly serving: Serving;
  readonly plan: OpenPlan;
  readonly emitter: ModelEmitter;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
}

/** The main-thread side of an open model. Everything that computes is in workers. */
export function createModel(parts: ModelParts): Model {
  const { emitter, plan, serving: first } = parts;
  const { model } = first.version.release;
  const context = { plan, emitter, identity: first.version.install };
  const recent = createRecentRuns();
  const opening = describeOpening(parts);
  const firstResult = awaitFirstResult();
  const later = () => firstResult.isOver.then(loadLater);
  let reporting: Reporting | undefined;
  const recording = {
    ...{ ...context, lifetime: createTally(), totals: createReportTotals() },
    loadReporting: shareOnce(async () => {
      const { openReporting } = await later();
      reporting = openReporting(plan.store);
      return reporting;
    }),
  };
  const revive = shareOnce(async () => (await loadLater()).createReviver(context));
  const handover = createHandover(startShift(first), {
    emitter,
    revive: async (lost) => startShift(await (await revive())(lost)),
  });
  handover.current.recorder.opened(opening, { quarantined: first.quarantined.length });
  const { max: maxBatch = 1, maxDelayMs = 0 } = first.version.spec.batch ?? {};
  const workers = () => handover.current.serving.connection.workers.length || 1;
  const queue = createRunQueue<QueuedRun, RunReply>({
    discard: ({ input }) => releaseSnapshot(input),
    post: (runs) => postBatch(runs, { handover, watchdogMs: plan.policy.watchdogMs }),
    ...{ maxBatch, maxDelayMs, workers },
  });
  let keeper: CurrencyKeeper | undefined;
  const keep = shareOnce(async () => {
    const { keepCurrent } = await later();
    if (closed) throw closed;
    keeper = keepCurrent({ ...context, handover, recording, startShift });
    return keeper;
  });
  void keep().catch(() => {}); // `update` says why, and tries again
  const runOnce = createRunner({ handover, queue, recent, emitter, refusal });
  let closed: NearsideError | undefined;
  let closing: Promise<void> | undefined;

  function startShift(started: Serving): Shift {
    const { version, backend, variant } = started;
    const pooled = { ...context, waiting: () => queue.waiting };
    const serving = plan.engine.poolServing?.(started, pooled) ?? started;
    const recorder = recordVersion(recording, { version, backend, variant: variant.name });
    return { serving, recorder };
  }

  const run: typeof runOnce = async (input, options) => {
    try {
      return await runOnce(input, options);
    } finally {
      firstResult.end();
      residence?.used();
    }
  };

  let residence: Residence | undefined;
  const reside = (take: TakeResidence) => {
    residence = take({
      ...{ name: model, engine: plan.engine, handover, close },
      isBusy: () => queue.waiting > 0 || keeper?.isLooking === true,
    });
  };
  if (plan.engine.takeResidence) reside(plan.engine.takeResidence);
  else
    void later().then(
      ({ takeResidence }) => closed ?? reside(takeResidence),
      () => {},
    );

  function refusal() {
    if (closed) return { reason: closed, isOwn: true };
    return keeper?.revoked && { reason: keeper.revoked, isOwn: false };
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
    residence?.leave();
    firstResult.end();
    keeper?.close(closed);
    queue.close(closed);
    closing ??= handover.close(closed).then(() => reporting?.close());
    return closing;
  }

  return {
    run: run as Model['run'],
    async *score(inputs, options) {
      yield* (await loadLater()).scoreAll(run, inputs, options);
    },
    stats,
    storage,
    profile: async (input, options) =>
      (await loadLater()).profileModel({ run, handover }, input, options),
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
      residence?.used();
    },
    async update() {
      if (closed) throw closed;
      firstResult.end();
      return (await keep()).update();
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
