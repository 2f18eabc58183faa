import type { StorageReport } from '@nearside/artifact';
import { type NearsideError, quantile, shareOnce } from '@nearside/core';
import { closedError } from './closed-error.js';
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
import { createRunner, type RunnerOptions } from './run-model.js';
import { createRunQueue } from './scheduler/run-queue.js';
import type { Serving } from './serving.js';
import { releaseSnapshot } from './snapshot-input.js';
import { streamLater } from './streaming/stream-later.js';
import type { Reporting } from './telemetry/open-reporting.js';
import { recordVersion } from './telemetry/record-version.js';
import { createReportTotals } from './telemetry/report-totals.js';
import { createTally } from './telemetry/tally.js';

type OwnParts = 'fallBack' | 'snapshotCustom';

export interface ModelParts {
  readonly serving: Serving;
  readonly plan: OpenPlan;
  readonly emitter: ModelEmitter;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
  /**
   * What the app has of its own for runs.
   *
   * @param leaving aborted when the model is closed
   */
  readonly own?: ((leaving: AbortSignal) => Pick<RunnerOptions, OwnParts>) | undefined;
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
  const queue = createRunQueue<QueuedRun, RunReply>({
    discard: ({ input }) => releaseSnapshot(input),
    post: (runs) => postBatch(runs, { handover, watchdogMs: plan.policy.watchdogMs }),
    ...{ maxBatch, maxDelayMs },
  });
  let keeper: CurrencyKeeper | undefined;
  const keep = shareOnce(async () => {
    const { keepCurrent } = await later();
    if (closed) throw closed;
    keeper = keepCurrent({ ...context, handover, recording, startShift });
    return keeper;
  });
  if (!plan.unsigned) void keep().catch(() => {}); // `update` says why, and tries again
  const leaving = new AbortController();
  const runner = createRunner({
    ...{ handover, queue, recent, emitter, refusal },
    ...parts.own?.(leaving.signal),
  });
  let closed: NearsideError | undefined;
  let closing: Promise<void> | undefined;

  function startShift(serving: Serving): Shift {
    const { version, backend, variant } = serving;
    const recorder = recordVersion(recording, { version, backend, variant: variant.name });
    return { serving, recorder };
  }

  const run = tellingFirst(runner.run);
  const runFrame = tellingFirst(runner.runFrame);

  function tellingFirst<Call extends readonly unknown[], Result>(
    work: (...call: Call) => Promise<Result>,
  ): typeof work {
    return (...call) => work(...call).finally(firstResult.end);
  }

  function refusal() {
    if (closed) return { reason: closed, isOwn: true };
    return keeper?.revoked && { reason: keeper.revoked, isOwn: false };
  }

  function stats(): ModelStats {
    const { lifetime, totals } = recording;
    const { version, variant, backend, loaded } = handover.current.serving;
    const { total } = lifetime.latency;
    return {
      model,
      version: version.release.version,
      variant: variant.name,
      backend,
      threads: loaded.threads,
      hardware: loaded.hardware,
      verdict: loaded.isProven ? 'proven' : 'unproven',
      ok: lifetime.ok,
      errors: Object.fromEntries(lifetime.errors),
      aborted: lifetime.aborted,
      invalid: lifetime.invalid,
      fallbacks: lifetime.fallbacks,
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
    if (plan.unsigned) return { kind: 'memory', versions: [] };
    // Asked of the page itself, because a worker cannot show the question a browser may have.
    if (persist) await globalThis.navigator?.storage?.persist?.();
    return handover.current.serving.connection.storage();
  }

  async function close(): Promise<void> {
    closed ??= closedError(model);
    firstResult.end();
    keeper?.close(closed);
    queue.close(closed);
    leaving.abort(closed);
    closing ??= handover.close(closed).then(() => reporting?.close());
    return closing;
  }

  return {
    run: run as Model['run'],
    async *score(inputs, options) {
      yield* (await loadLater()).scoreAll(run, inputs, options);
    },
    stream: (source, options) =>
      streamLater(source, options, { handover, runFrame, refusal, closing: leaving.signal }),
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
    async update() {
      if (closed) throw closed;
      if (plan.unsigned) return undefined;
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
