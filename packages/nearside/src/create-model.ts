import { type NearsideError, shareOnce } from '@nearside/core';
import type { Model } from './api/model.js';
import type { BackgroundWork } from './background-work.js';
import { announceRun } from './ended-run.js';
import { closedError } from './failures.js';
import { awaitFirstResult, loadLater } from './load-later.js';
import { describeOpening, readStats } from './model-stats.js';
import type { RunReply } from './protocol.js';
import { postBatch, type QueuedRun } from './running/post-batch.js';
import type { ProfiledModel } from './running/profile-model.js';
import type { StorageContext } from './running/read-storage.js';
import { createRunner, type RunnerOptions } from './running/run-model.js';
import { createRunQueue } from './running/run-queue.js';
import { releaseSnapshot } from './running/snapshot-input.js';
import { createHandover, type Handover } from './serving/handover.js';
import type { JoinEngine, Membership } from './serving/join-engine.js';
import type { PoolServing } from './serving/pooled-serving.js';
import type { ModelContext, Serving } from './serving/serving.js';
import { resultsLater, streamLater } from './streaming/lazy-results.js';
import type { StreamContext } from './streaming/open-stream.js';
import { type Recording, startRecording } from './telemetry/recording.js';
import { keepTrying } from './timers.js';

type OwnParts = 'fallBack' | 'snapshotCustom';

/** What an engine does for its models, beyond what they share. */
export interface EngineParts {
  /** Undefined where one worker serves a model. */
  readonly poolServing?: PoolServing | undefined;
  /** Undefined where it is soon enough after the first result. */
  readonly joinEngine?: JoinEngine | undefined;
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
 * The main-thread side of an open model: it records, hands over, queues, runs, tells how runs ended, begins what goes on
 * in the background, and answers calls. Everything that computes is in workers.
 *
 * @throws `signal.reason` when the caller leaves while a faster backend is looked for
 */
export async function createModel(parts: ModelParts): Promise<Model> {
  const { emitter, plan, engine, choice, serving: first } = parts;
  const { model: name } = first.version.release;
  const { watchdogMs } = plan.policy;
  const identity = first.version.install;
  const context = { plan, engine, emitter, choice, identity, onOpened: undefined };
  const opening = describeOpening(first, parts.startMs);
  const firstResult = awaitFirstResult();
  const later = () => firstResult.isOver.then(loadLater);
  const leaving = new AbortController();
  const own = parts.own?.(leaving.signal);
  let closed: NearsideError | undefined;
  let background: BackgroundWork | undefined;
  let membership: Membership | undefined;

  const refusal = () => {
    if (closed) return { reason: closed, isOwn: true };
    return background?.revoked && { reason: background.revoked, isOwn: false };
  };

  const recording = startRecording(context, later);
  recording.opened(first, opening, first.quarantined.length);

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

  const close = shareOnce(async (): Promise<void> => {
    closed = closedError(name);
    firstResult.end();
    membership?.leave();
    background?.close(closed);
    queue.close(closed);
    leaving.abort(closed);
    await Promise.all([handover.close(closed), background?.saved()]);
    await recording.close();
  });

  const joining = {
    name,
    engine,
    handover,
    close,
    isNeeded: () => queue.waiting > 0 || background?.isAtWork === true,
  };
  membership = parts.joinEngine?.(joining);
  const used = () => membership?.used();

  const runner = createRunner({
    handover,
    queue,
    observers: [
      recording.ran,
      announceRun(emitter),
      () => firstResult.end(),
      used,
      (run) => background?.ran(run),
    ],
    refusal,
    help: loadLater,
    fallBack: own?.fallBack,
    snapshotCustom: own?.snapshotCustom,
  });

  const beginBackground = shareOnce(async () => {
    const { startBackground, joinEngine } = await later();
    if (closed) throw closed;
    membership ??= joinEngine(joining);
    background = startBackground({
      ...context,
      handover,
      hasRuns: () => queue.waiting > 0 || !handover.isIdle,
      hasRun: recording.lifetime.ok > 0,
      onQuarantined: recording.quarantined,
      onFailedCandidate: recording.failedCandidate,
    });
    return background;
  });
  keepTrying(async () => closed ?? beginBackground()); // `update` says why it fails

  if (plan.tune.when === 'before-open') {
    firstResult.end();
    await loadLater().then(
      ({ tuneBeforeOpen }) => tuneBeforeOpen({ signal: plan.signal, beginBackground, close }),
      () => {}, // without it the first one serves
    );
  }

  return answerCalls({
    ...context,
    ...runner,
    handover,
    refusal,
    closing: leaving.signal,
    custom: own?.snapshotCustom,
    watchdogMs,
    stats: () => readStats({ handover, choice, queue, plan, recording, opening }),
    feedback: recording.feedback,
    used,
    throwIfClosed() {
      if (closed) throw closed;
    },
    async update() {
      firstResult.end();
      return (await beginBackground()).update();
    },
    close,
  });
}

/** What the calls of an open model are answered with. */
interface OpenModel extends ModelContext, StreamContext, StorageContext, ProfiledModel {
  readonly handover: Handover;
  readonly stats: Model['stats'];
  readonly feedback: Recording['feedback'];
  /** After each call that is no run: those are told to observers. */
  readonly used: () => void;
  readonly throwIfClosed: () => void;
  readonly update: Model['update'];
  readonly close: Model['close'];
  readonly plan: ModelContext['plan'];
  readonly closing: AbortSignal;
}

function answerCalls(open: OpenModel): Model {
  const { handover, used, throwIfClosed, close } = open;
  return {
    run: open.run as Model['run'],
    score: (inputs, options) =>
      resultsLater(async () => (await loadLater()).scoreModel(open, inputs, options)),
    stream: (source, options) =>
      streamLater(async () => (await loadLater()).openStream(source, options, open)),
    stats: open.stats,
    async storage(options) {
      throwIfClosed();
      return (await loadLater()).readStorage(open, options).finally(used);
    },
    profile: async (input, options) => (await loadLater()).profileModel(open, input, options),
    explainBackend: async () => (await loadLater()).explainBackend(handover.current, open),
    close,
    on: open.emitter.on,
    feedback(id, truth) {
      if (typeof truth?.label !== 'string') {
        throw new TypeError('feedback: expected { label: string } as the truth');
      }
      open.feedback(id, truth.label, handover.current);
    },
    async warm() {
      throwIfClosed();
      return (await loadLater()).warmModel(handover, open.watchdogMs).finally(used);
    },
    async update() {
      throwIfClosed();
      return open.update().finally(used);
    },
    [Symbol.asyncDispose]: close,
  };
}
