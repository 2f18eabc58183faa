import { type NearsideError, shareOnce } from '@nearside/core';
import type { Model } from './api/model.js';
import type { Companions } from './companions.js';
import { announceRun } from './ended-run.js';
import { closedError } from './failures.js';
import { awaitFirstResult, loadLater } from './load-later.js';
import { describeOpening, readStats } from './model-stats.js';
import type { RunReply } from './protocol.js';
import { postBatch, type QueuedRun } from './running/post-batch.js';
import { createRunner, type RunnerOptions } from './running/run-model.js';
import { createRunQueue } from './running/run-queue.js';
import { releaseSnapshot } from './running/snapshot-input.js';
import { createHandover } from './serving/handover.js';
import type { PoolServing } from './serving/pooled-serving.js';
import type { TakeResidence } from './serving/residence.js';
import type { ModelContext, Serving } from './serving/serving.js';
import { resultsLater, streamLater } from './streaming/lazy-results.js';
import { startRecording } from './telemetry/recording.js';
import { keepTrying } from './timers.js';

type OwnParts = 'fallBack' | 'snapshotCustom';

/** What an engine does for its models, beyond what they share. */
export interface EngineParts {
  /** Undefined where one worker serves a model. */
  readonly poolServing?: PoolServing | undefined;
  /** Undefined where it is soon enough after the first result. */
  readonly takeResidence?: TakeResidence | undefined;
}

export interface ModelParts extends ModelContext, EngineParts {
  readonly serving: Serving;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
  /**
   * What the app has of its own for runs.
   *
   * @param leaving aborted when the model is closed
   */
  readonly own?: ((leaving: AbortSignal) => Pick<RunnerOptions, OwnParts>) | undefined;
}

/**
 * The main-thread side of an open model. Everything that computes is in workers.
 *
 * @throws `signal.reason` when the caller leaves while a faster backend is looked for
 */
export async function createModel(parts: ModelParts): Promise<Model> {
  const { emitter, plan, engine, choice, serving: first } = parts;
  const { model } = first.version.release;
  const { watchdogMs } = plan.policy;
  const identity = first.version.install;
  const context = { plan, engine, emitter, choice, identity, onOpened: undefined };
  const opening = describeOpening(first, parts.startMs);
  const firstResult = awaitFirstResult();
  const later = () => firstResult.isOver.then(loadLater);
  const leaving = new AbortController();
  const own = parts.own?.(leaving.signal);
  let closed: NearsideError | undefined;
  let companions: Companions | undefined;

  const recording = startRecording(context, later);
  recording.opened(first, opening, { quarantined: first.quarantined.length });

  const revive = shareOnce(async () => (await loadLater()).createReviver(context));
  const handover = createHandover(first, {
    revive: async (lost) => (await revive())(lost),
    pool: (serving) =>
      parts.poolServing?.(serving, { ...context, waiting: () => queue.waiting }) ?? serving,
    onHanded(event) {
      recording.serves(event.to);
      if (event.kind !== 'went-back') return;
      loadLater()
        .then(({ goBack }) => goBack(context, event, recording.quarantined))
        .catch(() => {}); // the next `open` will see it fail
    },
  });

  const { max: maxBatch = 1, maxDelayMs = 0 } = first.version.spec.batch ?? {};
  const queue = createRunQueue<QueuedRun, RunReply>({
    post: (runs) => postBatch(runs, { handover, watchdogMs, help: loadLater }),
    discard: ({ input }) => releaseSnapshot(input),
    workers: () => handover.current.connection.workers.length || 1,
    maxBatch,
    maxDelayMs,
  });

  const place = {
    name: model,
    engine,
    handover,
    close: () => close(),
    isBusy: () => queue.waiting > 0 || companions?.isAtWork === true,
  };
  let residence = parts.takeResidence?.(place);
  const used = () => residence?.used();

  const observers = [
    recording.ran,
    announceRun(emitter),
    () => firstResult.end(),
    used,
    (run) => companions?.ran(run),
  ] satisfies RunnerOptions['observers'];
  const runner = createRunner({
    handover,
    queue,
    observers,
    refusal,
    help: loadLater,
    fallBack: own?.fallBack,
    snapshotCustom: own?.snapshotCustom,
  });

  /** Begins what goes on beside runs, after the first result. */
  const accompany = shareOnce(async () => {
    const { accompanyModel, takeResidence } = await later();
    if (closed) throw closed;
    residence ??= takeResidence(place);
    companions = accompanyModel({
      ...context,
      handover,
      isBusy: () => queue.waiting > 0 || !handover.isIdle,
      hasRun: recording.lifetime.ok > 0,
      onQuarantined: recording.quarantined,
      onFailedCandidate: recording.failedCandidate,
    });
    return companions;
  });
  keepTrying(async () => closed ?? accompany()); // `update` says why it fails

  const close = shareOnce(async (): Promise<void> => {
    closed = closedError(model);
    firstResult.end();
    residence?.leave();
    companions?.close(closed);
    queue.close(closed);
    leaving.abort(closed);
    await Promise.all([handover.close(closed), companions?.saved()]);
    await recording.close();
  });

  function refusal() {
    if (closed) return { reason: closed, isOwn: true };
    return companions?.revoked && { reason: companions.revoked, isOwn: false };
  }

  if (plan.tune.when === 'before-open') {
    firstResult.end();
    await loadLater().then(
      ({ tuneBeforeOpen }) => tuneBeforeOpen({ signal: plan.signal, accompany, close }),
      () => {}, // without it the first one serves
    );
  }

  const series = {
    handover,
    plan,
    runItem: runner.runItem,
    refusal,
    closing: leaving.signal,
    custom: own?.snapshotCustom,
  };

  return {
    run: runner.run as Model['run'],
    score: (inputs, options) =>
      resultsLater(async () => (await loadLater()).scoreModel(series, inputs, options)),
    stream: (source, options) =>
      streamLater(async () => (await loadLater()).openStream(source, options, series)),
    stats: () => readStats({ handover, choice, queue, plan, recording, opening }),
    async storage(options) {
      if (closed) throw closed;
      return (await loadLater()).readStorage(series, options).finally(used);
    },
    async profile(input, options) {
      const { profileModel } = await loadLater();
      return profileModel({ run: runner.run, handover, watchdogMs }, input, options);
    },
    async explainBackend() {
      const { explainBackend } = await loadLater();
      return explainBackend(handover.current, context);
    },
    close,
    on: emitter.on,
    feedback(id, truth) {
      if (typeof truth?.label !== 'string') {
        throw new TypeError('feedback: expected { label: string } as the truth');
      }
      recording.feedback(id, truth.label, handover.current);
    },
    async warm() {
      if (closed) throw closed;
      return (await loadLater()).warmModel(handover, watchdogMs).finally(used);
    },
    async update() {
      if (closed) throw closed;
      firstResult.end();
      return (await accompany()).update().finally(used);
    },
    [Symbol.asyncDispose]: close,
  };
}
