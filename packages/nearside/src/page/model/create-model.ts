import { type ModelSpec, shareOnce } from '@nearside/core';
import type { Model, OpeningStats } from '../../shared/api/model.js';
import { announceRun } from '../../shared/ended-run.js';
import { closedError } from '../../shared/failures.js';
import type { RunReply } from '../../shared/protocol.js';
import { markRuns } from '../choice/page-mark.js';
import type { Own } from '../later/fallback/bring-own.js';
import { checkOutcome, checkTruth } from '../options/call-options.js';
import { postBatch, type QueuedRun } from '../running/post-batch.js';
import { createRunner, run, runItem } from '../running/run-model.js';
import { RunQueue } from '../running/run-queue.js';
import { releaseSnapshot, takesOthers } from '../running/snapshot-input.js';
import { type Handed, Handover } from '../serving/handover.js';
import type { JoinEngine } from '../serving/join-engine.js';
import type { PoolServing } from '../serving/later/pooled-serving.js';
import type { ModelContext, Serving } from '../serving/serving.js';
import { resultsLater, streamLater } from '../streaming/lazy-results.js';
import { type Recording, startRecording } from '../telemetry/recording.js';
import { accompany } from './companions.js';
import type { OpenModel } from './later/answer-late.js';
import { awaitFirstResult, type Later, loadLater } from './load-later.js';
import { describeOpening, heapOf, readStats } from './model-stats.js';

/** Parts that an engine gives its models, beyond what they share. */
export interface EngineParts {
  /** Undefined where one worker serves a model. */
  readonly poolServing?: PoolServing | undefined;
  /** Undefined where joining after the first result is soon enough. */
  readonly joinEngine?: JoinEngine | undefined;
}

export interface ModelParts extends ModelContext, EngineParts {
  readonly serving: Serving;
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
  /** The app's own part in runs. */
  readonly own?: Own['forRuns'] | undefined;
}

/**
 * The main-thread side of an open model: it records, hands over, queues, accompanies, runs, and answers calls.
 * Everything that computes is in workers.
 *
 * @throws `signal.reason` when the caller leaves while a faster backend is looked for
 */
export async function createModel(parts: ModelParts): Promise<Model> {
  const { emitter, plan, engine, choice, mark, serving: first, joinEngine, poolServing } = parts;
  const { watchdogMs } = plan.policy;
  const { release, install: identity, spec } = first.version;
  const context = { plan, engine, emitter, choice, mark, identity, onOpened: undefined };
  const opening = describeOpening(first, parts);
  const firstResult = awaitFirstResult();
  const later = () => firstResult.isOver.then(loadLater);
  const leaving = new AbortController();
  const { signal: closing } = leaving;
  const own = parts.own?.(first, closing);
  const takeOther = takesOthers(spec)
    ? await (await loadLater()).openSnapshotOther(plan, spec)
    : undefined;

  const recording = recordFrom(first, { context, later, opening });
  const handover: Handover = new Handover(first, {
    revive: reviveWith(context),
    pool: (serving) =>
      poolServing?.(serving, { ...context, waiting: () => queue.waiting }) ?? serving,
    onHanded: (event) => tellOfHandover(event, { context, recording }),
  });
  const markServed = markRuns(first.mark, () => queue.posted > 0);
  const markRun = () => markServed(handover.current);
  const queue = queueFor(spec, { handover, watchdogMs, markRun });

  const close = shareOnce(async (): Promise<void> => {
    const closed = closedError(release.model);
    leaving.abort(closed);
    firstResult.end();
    const saved = companions.close(closed);
    queue.close(closed);
    await Promise.all([handover.close(closed), saved]);
    await recording.close();
  });
  const beside = { context, handover, recording, queue, joinEngine, later, closing, close };
  const companions = accompany(beside);
  const runner = createRunner({
    handover,
    queue,
    observers: [
      (run) =>
        recording.tell({
          kind: 'ran',
          ...run,
          heapBytes: heapOf(handover.current.connection.workers),
        }),
      announceRun(emitter),
      markRun,
      firstResult.end,
      companions.ran,
    ],
    closing,
    refusal: own?.refusal ?? (() => companions.revoked),
    help: loadLater,
    fallBack: own?.fallBack,
    takeOther,
  });

  if (plan.tune.when === 'before-open' && !first.noBackend) {
    firstResult.end();
    await loadLater().then(
      ({ tuneBeforeOpen }) =>
        tuneBeforeOpen({ signal: plan.signal, begin: companions.begin, close }),
      () => {}, // without tuning the first one serves
    );
  }
  return answerCalls({
    ...context,
    handover,
    closing,
    refusal: runner.refusal,
    takeOther,
    run: (input, options) => run(runner, input, options),
    runItem: (item, options) => runItem(runner, item, options),
    watchdogMs,
    stats: () => readStats({ handover, choice, queue, plan, recording, opening }),
    tell: recording.tell,
    used: companions.used,
    async update() {
      closing.throwIfAborted();
      firstResult.end();
      return (await companions.begin()).update().finally(companions.used);
    },
    close,
  });
}

/** Where no version is known nobody has read who this install is, and nothing is reported. */
function recordFrom(
  served: Serving,
  parts: { context: ModelContext; later: () => Promise<Later>; opening: OpeningStats },
): Recording {
  const { context, later, opening } = parts;
  const { version, noBackend } = served;
  const plan = version.manifestSha256 ? context.plan : { ...context.plan, report: undefined };
  const { emitter, identity = version.install } = context;
  return startRecording(
    { emitter, identity, plan },
    later,
    noBackend
      ? { kind: 'not-opened', served, code: noBackend.code }
      : { kind: 'opened', served, opening },
  );
}

function reviveWith(context: ModelContext): (lost: Serving) => Promise<Serving> {
  const reviver = shareOnce(async () => (await loadLater()).createReviver(context));
  return async (lost) => (await reviver())(lost);
}

function tellOfHandover(
  event: Handed,
  { context, recording }: { context: ModelContext; recording: Recording },
): void {
  const { kind, to: served } = event;
  if (kind === 'revived') {
    recording.tell({ kind, served, wasResting: event.wasResting, tookMs: event.tookMs });
  } else recording.tell({ kind: 'serves', served });
  if (kind !== 'went-back') return;
  loadLater()
    .then(({ settleGoneBack }) => settleGoneBack(context, event))
    .catch(() => {}); // the next `open` will see it fail
}

function queueFor(
  { batch }: ModelSpec,
  {
    handover,
    watchdogMs,
    markRun,
  }: { handover: Handover; watchdogMs: number; markRun: () => void },
) {
  const { max: maxBatch = 1, maxDelayMs = 0 } = batch ?? {};
  return new RunQueue<QueuedRun, RunReply>({
    post(runs) {
      markRun();
      return postBatch(runs, { handover, watchdogMs, help: loadLater });
    },
    discard: ({ input }) => releaseSnapshot(input),
    workers: () => handover.current.connection.workers.length || 1,
    maxBatch,
    maxDelayMs,
  });
}

interface CallParts extends OpenModel, Pick<Model, 'stats' | 'update' | 'close'> {
  readonly tell: Recording['tell'];
}

function answerCalls(open: CallParts): Model {
  const { stats, tell, update, close } = open;
  const late = async () => (await loadLater()).answerLate(open);
  return {
    run: open.run as Model['run'],
    score: (...given) => resultsLater(async () => (await late()).score(...given)),
    stream: (...given) => streamLater(async () => (await late()).stream(...given)),
    stats,
    storage: async (options) => (await late()).storage(options),
    profile: async (...given) => (await late()).profile(...given),
    explainBackend: async () => (await late()).explainBackend(),
    close,
    on: open.emitter.on,
    feedback(id, truth) {
      checkTruth(truth);
      tell({ kind: 'feedback', id, truth });
    },
    outcome(name, value, { id } = {}) {
      checkOutcome(name, value);
      tell({ kind: 'outcome', name, value, id });
    },
    warm: async () => (await late()).warm(),
    remember: async (...given) => (await late()).remember(...given),
    update,
    [Symbol.asyncDispose]: close,
  };
}
