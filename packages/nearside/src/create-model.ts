import { type NearsideError, shareOnce } from '@nearside/core';
import type { Companions } from './accompany-model.js';
import type { BackendChoice } from './choice/backend-choice.js';
import type { ModelEmitter } from './events.js';
import { closedError } from './failures/closed-error.js';
import { awaitFirstResult } from './later/first-result.js';
import { keepTrying } from './later/keep-trying.js';
import { loadLater } from './later/load-later.js';
import type { Model } from './model.js';
import { describeOpening, readStats } from './model-stats.js';
import type { OpenPlan } from './opening/plan-opening.js';
import type { Serving } from './opening/serving.js';
import type { RunReply } from './protocol.js';
import { createHandover, type Shift } from './running/handover.js';
import { postBatch, type QueuedRun } from './running/post-batch.js';
import { createRecentRuns } from './running/recent-runs.js';
import { createRunner, type RunnerOptions } from './running/run-model.js';
import { releaseSnapshot } from './running/snapshot-input.js';
import { createRunQueue } from './scheduler/run-queue.js';
import { resultsLater } from './streaming/results-later.js';
import { streamLater } from './streaming/stream-later.js';
import { startRecording } from './telemetry/recording.js';

type OwnParts = 'fallBack' | 'snapshotCustom';

export interface ModelParts {
  readonly serving: Serving;
  readonly plan: OpenPlan;
  readonly emitter: ModelEmitter;
  readonly choice: BackendChoice;
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
  const { emitter, plan, choice, serving: first } = parts;
  const { model } = first.version.release;
  const { watchdogMs } = plan.policy;
  const identity = first.version.install;
  const context = { plan, emitter, choice, identity, onOpened: undefined };
  const recent = createRecentRuns();
  const opening = describeOpening(first, parts.startMs);
  const firstResult = awaitFirstResult();
  const later = () => firstResult.isOver.then(loadLater);
  const recording = startRecording(context, later);
  const revive = shareOnce(async () => (await loadLater()).createReviver(context));
  const handover = createHandover(startShift(first), {
    revive: async (lost) => startShift(await (await revive())(lost)),
    async onGoBack(event) {
      const { goBack } = await loadLater();
      await goBack(context, event);
    },
  });
  handover.current.recorder.opened(opening, { quarantined: first.quarantined.length });
  const { max: maxBatch = 1, maxDelayMs = 0 } = first.version.spec.batch ?? {};
  const workers = () => handover.current.serving.connection.workers.length || 1;
  const queue = createRunQueue<QueuedRun, RunReply>({
    discard: ({ input }) => releaseSnapshot(input),
    post(runs) {
      const batch = postBatch(runs, { handover, watchdogMs });
      batch.end.then(
        (outcomes) => companions?.ran(outcomes),
        () => {},
      ); // the queue deals with a failure
      return batch;
    },
    ...{ maxBatch, maxDelayMs, workers },
  });
  const leaving = new AbortController();
  const own = parts.own?.(leaving.signal);
  const runner = createRunner({
    ...{ handover, queue, recent, emitter, refusal },
    ...{ fallBack: own?.fallBack, snapshotCustom: own?.snapshotCustom },
  });
  let closed: NearsideError | undefined;

  function startShift(started: Serving): Shift {
    const recorder = recording.startRecorder(started);
    const pooled = { ...context, waiting: () => queue.waiting };
    return { serving: plan.engine.poolServing?.(started, pooled) ?? started, recorder };
  }

  const run = tellingFirst(runner.run);
  const runItem = tellingFirst(runner.runItem);

  function tellingFirst<Call extends readonly unknown[], Result>(
    work: (...call: Call) => Promise<Result>,
  ): typeof work {
    return (...call) =>
      work(...call).finally(() => {
        firstResult.end();
        used();
      });
  }

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

  let companions: Companions | undefined;
  const place = {
    ...{ name: model, engine: plan.engine, handover, close },
    isBusy: () => queue.waiting > 0 || companions?.isAtWork === true,
  };
  let residence = plan.engine.takeResidence?.(place);
  const used = () => residence?.used();
  const accompany = shareOnce(async () => {
    const { accompanyModel, takeResidence } = await later();
    if (closed) throw closed;
    residence ??= takeResidence(place);
    const isBusy = () => queue.waiting > 0 || !handover.isIdle;
    companions = accompanyModel({ ...context, handover, recording, startShift, isBusy });
    return companions;
  });
  keepTrying(async () => closed ?? accompany()); // `update` says why it fails

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

  const callContext = {
    ...{ handover, plan, runItem, refusal },
    ...{ closing: leaving.signal, custom: own?.snapshotCustom },
  };

  return {
    run: run as Model['run'],
    score: (inputs, options) =>
      resultsLater(async () => (await loadLater()).scoreModel(callContext, inputs, options)),
    stream: (source, options) => streamLater(source, options, callContext),
    stats: () => readStats({ handover, choice, queue, plan, recording, opening }),
    async storage(options) {
      if (closed) throw closed;
      return (await loadLater()).readStorage(callContext, options).finally(used);
    },
    profile: async (input, options) =>
      (await loadLater()).profileModel({ run, handover, watchdogMs }, input, options),
    async explainBackend() {
      const { explainBackend } = await loadLater();
      return explainBackend(handover.current.serving, context);
    },
    close,
    on: emitter.on,
    feedback(id, truth) {
      if (typeof truth?.label !== 'string') {
        throw new TypeError('feedback: expected { label: string } as the truth');
      }
      const run = recent.find(id);
      // Which version it was of has its report; of one without a baseline there is nothing to count.
      if (!run) handover.current.recorder.feedback(undefined, truth.label);
      else if (run.observation) run.recorder.feedback(run.observation, truth.label);
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
