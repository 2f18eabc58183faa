import type { ReleaseIdentity } from '@nearside/artifact';
import type { NearsideError } from '@nearside/core';
import { createModelEmitter } from '../../../shared/api/events.js';
import { contenderOf } from '../../../shared/contenders.js';
import type { EndedRun } from '../../../shared/ended-run.js';
import { isVersionFault } from '../../../shared/failures.js';
import { isHidden, onVisibilityChange } from '../../../shared/page-events.js';
import {
  closePictures,
  RUNS_PER_SAMPLE,
  type SampledRun,
  transferablesOf,
} from '../../../shared/protocol.js';
import { settlesWithin } from '../../../shared/timers.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import type { Handover } from '../../serving/handover.js';
import type { ModelContext, Serving } from '../../serving/serving.js';
import { askConsent } from '../../telemetry/later/reporting.js';
import { readReportingDay } from '../../telemetry/later/reporting-day.js';
import type { Shadowed } from '../../telemetry/recorded.js';
import type { Recording } from '../../telemetry/recording.js';
import { endingOnFailure } from '../../workers/connection.js';
import { withinWatchdog } from '../../workers/watchdog.js';
import { isBatteryLow, isDataExpensive, whenIdle } from '../idle-device.js';
import { startBeside } from '../updating/start-beside.js';
import { startShadow } from './start-shadow.js';

/** A shadow is started so often at most, ms: as often as a report is sealed. */
const EVERY_MS = 300_000;

/** Its runs take at most this share of the time in which the model is busy: as much as one run in fifty of the same speed. */
const SHARE_OF_BUSY_TIME = 0.02;

/** A shadow that has started waits no longer for an idle page, ms. */
const PATIENCE_MS = 10_000;

export interface ShadowRunsOptions {
  readonly context: ModelContext;
  readonly handover: Handover;
  readonly report: ReportTarget;
  readonly tell: Recording['tell'];
  /** The shadow that this install is to run, as the last look found it. */
  readonly offered: () => ReleaseIdentity | undefined;
  /** The model itself has something to do. */
  readonly isBusy: () => boolean;
}

/**
 * Asks a shadow, while the page is idle, the inputs of a few runs that the version which serves has answered. Nobody gets its
 * answers: how they compare is counted for the report.
 */
export class ShadowRuns {
  readonly #options: ShadowRunsOptions;
  readonly #closing = new AbortController();
  /** The version whose worker keeps samples; none while no shadow is to be asked. */
  #served: Serving | undefined;
  /** Runs until there is a sample. */
  #runsLeft = 0;
  #notBeforeMs = 0;
  /** Σ time of runs of the version that serves, and of the shadow, ms. */
  #busyMs = 0;
  #spentMs = 0;
  #isUnderWay = false;
  /** Asking any shadow is of no use in this visit. */
  #isOver = false;
  #isAtWork = false;

  constructor(options: ShadowRunsOptions) {
    this.#options = options;
  }

  /** The shadow has a worker. */
  get isAtWork(): boolean {
    return this.#isAtWork;
  }

  /** To be called after each run. */
  ran({ outcome, series }: EndedRun): void {
    if (outcome.kind !== 'ok') return;
    const { times, batch } = outcome.reply;
    this.#busyMs += times.run / batch;
    if (series || this.#isUnderWay) return;
    this.#runsLeft -= 1;
    const shadow = this.#isOver ? undefined : this.#options.offered();
    if (!shadow) this.#keepNone();
    else if (this.#runsLeft <= 0 && performance.now() >= this.#notBeforeMs) {
      this.#isUnderWay = true;
      void this.#look(shadow)
        .catch(() => {}) // the model is closed, or its worker is lost
        .finally(() => {
          this.#isUnderWay = false;
        });
    }
  }

  /** Ends it, with the worker that it may have started. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
  }

  #keepNone(): void {
    this.#served?.connection.sample(undefined).catch(() => {});
    this.#served = undefined;
    this.#runsLeft = 0;
  }

  async #look(shadow: ReleaseIdentity): Promise<void> {
    const { handover, isBusy } = this.#options;
    if (await isHindered(this.#options)) {
      this.#keepNone();
      this.#notBeforeMs = performance.now() + EVERY_MS;
      return;
    }
    const served = handover.current;
    if (served !== this.#served) {
      // visits may be short: so each run has the same chance
      this.#runsLeft = 1 + Math.floor(RUNS_PER_SAMPLE * Math.random());
      this.#served = served;
      await served.connection.sample(this.#runsLeft);
      return;
    }
    await whenIdle({ isBusy, signal: this.#closing.signal });
    this.#runsLeft = RUNS_PER_SAMPLE;
    const samples = [...(await served.connection.sample(RUNS_PER_SAMPLE))];
    // where nothing is decided, nothing could be said of two answers
    this.#isOver ||= samples.some(({ reply }) => reply.observation?.predicted === undefined);
    if (samples.length > 0 && !this.#isOver) {
      this.#notBeforeMs = performance.now() + EVERY_MS;
      await this.#ask(shadow, samples);
    }
    for (const { input } of samples) closePictures(input);
  }

  /** Takes the samples that it asks of the list. */
  async #ask(shadow: ReleaseIdentity, samples: SampledRun[]): Promise<void> {
    const { handover, context } = this.#options;
    const stop = new AbortController();
    const { signal } = stop;
    const end = () => stop.abort();
    const endVisibility = onVisibilityChange(() => {
      if (isHidden()) end();
    });
    this.#closing.signal.addEventListener('abort', end);
    const unheard = { ...context, emitter: createModelEmitter() };
    let hasStarted = false;
    this.#isAtWork = true;
    try {
      await startBeside({ handover, context: unheard }, async (own, current) => {
        const started = await startShadow(own, shadow, { current, signal });
        this.#isOver = !started;
        if (!started) return;
        hasStarted = true;
        const { connection } = started;
        await endingOnFailure(connection, signal, () =>
          this.#askEach(started, { shadow, samples, signal }),
        );
        await connection.close(undefined);
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#isOver ||= isVersionFault(error);
      // A run that failed is told of already. A version that does not start would have failed each of them.
      if (hasStarted || !isItsFault(error)) return;
      for (const sample of samples) this.#tell(shadow, sample, undefined);
    } finally {
      this.#closing.signal.removeEventListener('abort', end);
      endVisibility();
      end();
      this.#isAtWork = false;
    }
  }

  async #askEach(
    { connection }: Serving,
    {
      shadow,
      samples,
      signal,
    }: { shadow: ReleaseIdentity; samples: SampledRun[]; signal: AbortSignal },
  ): Promise<void> {
    const { context, isBusy } = this.#options;
    const { watchdogMs: limitMs } = context.plan.policy;
    for (let id = 1; this.#spentMs <= SHARE_OF_BUSY_TIME * this.#busyMs; id += 1) {
      const isIdle = await settlesWithin(PATIENCE_MS, whenIdle({ isBusy, signal }));
      const sample = isIdle ? samples.shift() : undefined;
      if (!sample) return;
      const { input, topK } = sample;
      const how = { transfer: transferablesOf(input), onBegun() {} };
      const startMs = performance.now();
      try {
        const answer = await withinWatchdog(connection, { limitMs, signal }, () =>
          connection.run({ id, inputs: [{ input, topK }] }, how),
        );
        const reply = answer.kind === 'done' ? answer.replies[0] : undefined;
        this.#tell(shadow, sample, reply?.ok ? reply.value : undefined);
      } catch (error) {
        if (isItsFault(error)) this.#tell(shadow, sample, undefined);
        throw error;
      } finally {
        this.#spentMs += performance.now() - startMs;
      }
    }
  }

  #tell(
    { version: candidate }: ReleaseIdentity,
    { reply: servedReply }: SampledRun,
    shadowReply: Shadowed['shadowReply'],
  ): void {
    const served = this.#served;
    if (served)
      this.#options.tell({ kind: 'shadowed', candidate, by: served, servedReply, shadowReply });
  }
}

/** It says nothing of a version that there is no memory for two of them, or no variant for the backend that serves. */
function isItsFault(error: unknown): boolean {
  const { code, cause } = error as NearsideError;
  const fault = code === 'no-backend' ? cause : error;
  return isVersionFault(fault) && fault.code !== 'out-of-memory';
}

/** No device pays for what nobody will learn, nor twice for the same bytes. */
async function isHindered({ context, handover, report }: ShadowRunsOptions): Promise<boolean> {
  const { plan, choice, engine, identity } = context;
  const { version } = handover.current;
  if (plan.store !== 'auto' || isDataExpensive(plan.policy.saveData)) return true;
  if (choice.caution?.keepsFrom('updating', contenderOf(handover.current))) return true;
  if (engine.memory?.hasRoomFor(version.spec.limits.memoryBytes) === false) return true;
  const who = { identity: identity ?? version.install, target: report, nowMs: Date.now() };
  const { isSampled } = await readReportingDay(who);
  return !isSampled || !(await askConsent(report)) || isBatteryLow();
}
