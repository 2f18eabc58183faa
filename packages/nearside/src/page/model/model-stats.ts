import type { ModelStats, OpeningStats } from '../../shared/api/model.js';
import type { BackendChoice } from '../choice/backend-choice.js';
import type { OpenPlan } from '../options/plan-opening.js';
import type { RunQueue } from '../running/run-queue.js';
import type { Handover } from '../serving/handover.js';
import type { Serving } from '../serving/serving.js';
import { UNCOUNTED } from '../telemetry/recorded.js';
import type { Recording } from '../telemetry/recording.js';
import type { Connection } from '../workers/connection.js';

export interface StatsSources {
  readonly handover: Handover;
  readonly choice: BackendChoice;
  readonly queue: Pick<RunQueue<never, never>, 'waiting'>;
  readonly plan: OpenPlan;
  readonly recording: Recording;
  readonly opening: OpeningStats;
}

/** Reads the answer of `model.stats()`. */
export function readStats(sources: StatsSources): ModelStats {
  const { handover, choice, queue, plan, opening } = sources;
  const { lifetime, totals } = sources.recording;
  const { errors, counted, ...counts } = lifetime;
  const { version, runtime, loaded, connection, noBackend, variant, backend } = handover.current;
  const { model, version: name } = version.release;
  const workers = handover.isResting ? [] : connection.workers;
  return {
    model,
    version: name,
    variant: noBackend ? 'fallback' : variant.name,
    backend: noBackend ? 'fallback' : backend,
    runtime,
    threads: loaded.threads,
    threadsReason: loaded.threadsReason ?? choice.caution?.threadsReason,
    hardware: loaded.hardware,
    workers: workers.length,
    heapBytes: heapOf(workers) || undefined,
    verdict: loaded.verdict,
    choice: choice.origin,
    quarantined: [...choice.record.quarantined, ...choice.passing],
    ...counts,
    errors: Object.fromEntries(errors),
    waiting: queue.waiting,
    ...(counted?.() ?? UNCOUNTED),
    opening,
    reports: plan.report && { ...totals },
  };
}

/** Bytes that the wasm memory of the workers that serve holds; 0 where it is unknown. */
export function heapOf(workers: Connection['workers']): number {
  return workers.reduce((sum, { heapBytes }) => sum + heapBytes, 0);
}

/** @param how.startMs when `open` was called, by `performance.now()` */
export function describeOpening(
  { version, loaded, workerMs, metadataMs, failures }: Serving,
  { choice, startMs }: { readonly choice: BackendChoice; readonly startMs: number },
): OpeningStats {
  const steps = { ...loaded.times, metadata: metadataMs };
  steps.runtime += workerMs;
  return {
    origin: version.origin,
    totalMs: performance.now() - startMs,
    startMs,
    steps,
    fetchedBytes: loaded.fetchedBytes,
    healedChunks: loaded.healedChunks,
    failures,
    lost: choice.caution?.lost ?? [],
  };
}
