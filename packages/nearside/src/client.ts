import type { StorageReport } from '@nearside/artifact';
import {
  type ErrorCode,
  isNearsideError,
  NearsideError,
  quantile,
  type Store,
} from '@nearside/core';
import type { ModelEmitter } from './events.js';
import { createHandover, type RolledBack, type Shift } from './handover.js';
import type { Input } from './input.js';
import type {
  Model,
  ModelStats,
  OpeningStats,
  RunOptions,
  RunResult,
  StorageOptions,
} from './model.js';
import type { OpenPlan } from './open-options.js';
import type { OpenedVersion, RunReply } from './protocol.js';
import { createRecentRuns } from './recent-runs.js';
import { checkRunOptions } from './run-options.js';
import { sameInterface } from './same-interface.js';
import { createRunQueue } from './scheduler/run-queue.js';
import { type InputSnapshot, releaseSnapshot, snapshotInput } from './snapshot-input.js';
import type { Serving } from './start-serving.js';
import type { InstallIdentity } from './telemetry/install-identity.js';
import { recordVersion } from './telemetry/record-version.js';
import { createReportTotals } from './telemetry/reporter.js';
import { createTally } from './telemetry/tally.js';
import { startUpdateClock } from './update-clock.js';
import { createUpdater } from './updater.js';

export interface ModelParts {
  readonly serving: Serving;
  readonly plan: OpenPlan;
  readonly reports: Store;
  readonly identity: InstallIdentity;
  readonly emitter: ModelEmitter;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
}

/** The main-thread side of an open model: it keeps the queue and the counters, and nothing else. */
export function createModel(parts: ModelParts): Model {
  const { emitter, plan, serving: first } = parts;
  const { model } = first.version.release;
  const queue = createRunQueue();
  const recent = createRecentRuns();
  const opening = describeOpening(parts);
  const recording = { ...parts, lifetime: createTally(), totals: createReportTotals() };
  const handover = createHandover(startShift(first), { onRolledBack: giveUp });
  handover.current.recorder.opened(opening, { quarantined: first.quarantined });
  const updater = createUpdater({
    ...parts,
    current: () => handover.current.serving,
    onProven: takeOver,
    onFailed: reportFailure,
    onRevoked(error) {
      revoked = error;
    },
  });

  let runs = 0;
  let closed: NearsideError | undefined;
  let closing: Promise<void> | undefined;
  /** Set while the repository has taken back what serves and offers nothing else. */
  let revoked: NearsideError | undefined;

  const stopClock =
    plan.policy.update === 'auto' ? startUpdateClock(() => void lookForUpdate()) : () => {};

  /**
   * A look that fails says so by events where they matter; the next one is in 15 minutes. What any
   * tab has asked within a minute, this page's own `open` included, is not asked again.
   */
  async function lookForUpdate(): Promise<void> {
    await updater.update({ maxAgeMs: 60_000, isOptional: true }).catch(() => {});
  }

  function startShift(serving: Serving): Shift {
    const { version, backend, variant } = serving;
    return {
      serving,
      recorder: recordVersion(recording, { version, backend, variant: variant.name }),
    };
  }

  /** The way back needs no network: the version before is still loaded. */
  function giveUp({ from, to, code }: RolledBack): void {
    const { sequence, version } = from.serving.version.release;
    const rejected = to.serving.connection.reject({ sequence, failure: code });
    rejected.catch(() => {}); // its tries still count
    const back = to.serving.version.release.version;
    emitter.emit('version-rolled-back', { from: version, to: back, code });
  }

  /** A version that never came to serve is reported too, so that the team learns of it. */
  function reportFailure(version: OpenedVersion, code: ErrorCode): void {
    const { backend } = handover.current.serving;
    const variant = version.spec.variants[0]?.name ?? '';
    const recorder = recordVersion(
      { ...recording, lifetime: createTally() },
      { version, backend, variant },
    );
    recorder.failed(code);
    void recorder.close();
  }

  /** A version of another interface waits for the next `open`: this page's calls would not fit it. */
  function takeOver(next: Serving): void {
    const before = handover.current.serving;
    const { version } = next.version.release;
    if (closed || !sameInterface(before.version.spec, next.version.spec)) {
      next.connection.close(closed);
      return;
    }
    revoked = undefined;
    handover.take(startShift(next));
    emitter.emit('version-swapped', { from: before.version.release.version, to: version });
  }

  async function run(input: Input, options: RunOptions = {}): Promise<RunResult> {
    const calledMs = performance.now();
    checkRunOptions(options);
    options.signal?.throwIfAborted();
    if (closed) throw closed;
    const id = recent.nextId();
    let shift = handover.current;
    const onStart = (taken: Shift) => {
      shift = taken;
    };
    try {
      if (revoked) throw revoked;
      const { spec } = handover.current.serving.version;
      const snapshot = snapshotInput(input, spec, { transfer: options.transfer ?? false });
      const answer = await post(snapshot, { ...options, onStart });
      return finish(id, { answer, shift, totalMs: performance.now() - calledMs });
    } catch (error) {
      const totalMs = performance.now() - calledMs;
      fail(id, { error, shift, signal: options.signal, totalMs });
      throw error;
    }
  }

  async function post(
    snapshot: InputSnapshot | Promise<InputSnapshot>,
    {
      priority = 'normal',
      signal,
      timeoutMs,
      topK,
      onStart,
    }: RunOptions & { onStart: (shift: Shift) => void },
  ): Promise<RunReply> {
    let started = false;
    const start = async () => {
      started = true;
      const { input, transfer } = await snapshot;
      return handover.run((shift) => {
        onStart(shift);
        return shift.serving.connection.run({ input, topK }, transfer);
      });
    };
    try {
      return await queue.add({ priority, signal, timeoutMs, start });
    } finally {
      // An element's picture may turn out broken while nobody waits for it any more.
      if (!started) void Promise.resolve(snapshot).then(releaseSnapshot, () => {});
    }
  }

  function finish(
    id: string,
    { answer, shift, totalMs }: { answer: RunReply; shift: Shift; totalMs: number },
  ): RunResult {
    const { output, observation, times } = answer;
    const { version, variant, backend } = shift.serving;
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
        model,
        version: version.release.version,
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
      shift: { recorder },
      signal,
      totalMs,
    }: { error: unknown; shift: Shift; signal: AbortSignal | undefined; totalMs: number },
  ): void {
    const own = error === closed || (signal?.aborted === true && error === signal.reason);
    const code = isNearsideError(error) ? error.code : 'backend-failed';
    if (own) recorder.aborted();
    else recorder.failed(code);
    emitter.emit('run-end', { id, ok: false, totalMs, ...(!own && { code }) });
  }

  function stats(): ModelStats {
    const { lifetime, totals } = recording;
    const { version, variant, backend } = handover.current.serving;
    const { total } = lifetime.latency;
    return {
      model,
      version: version.release.version,
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
      reports: plan.report && totals,
    };
  }

  async function storage({ persist = false }: StorageOptions = {}): Promise<StorageReport> {
    if (closed) throw closed;
    // Asked of the page itself, because a worker cannot show the question a browser may have.
    if (persist) await globalThis.navigator?.storage?.persist?.();
    return handover.current.serving.connection.storage();
  }

  async function close(): Promise<void> {
    const reason = closedError(model);
    closed ??= reason;
    stopClock();
    updater.close(closed);
    queue.close(closed);
    closing ??= handover.close(closed).then(() => parts.reports.close());
    return closing;
  }

  return {
    run: run as Model['run'],
    stats,
    storage,
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
      return updater.update({ maxAgeMs: 0, isOptional: false });
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
